import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { copyOf, copySnapshot } from '../restic/copy.ts';
import { digestIn } from '../restic/dump.ts';
import { ensure, ifThere } from '../restic/ensure.ts';
import { choose, tagged, type Snapshot } from '../restic/snapshots.ts';
import { step, type StepContext } from '../step.ts';
import { copiesOf, storeOf } from './kept.ts';
import { fileSnapshots, news } from './news.ts';
import { manifestIn } from './place.ts';

/** What a first copy of everything may take, milliseconds. */
const within = 12 * 60 * 60 * 1_000;

export default step({
  name: 'files.copy',
  summary: 'Copies a snapshot of the files into the store of another failure domain, and reads its manifest back there.',
  effect: 'change',
  expected: 60_000,
  timeout: '12 hours',
  retry: { times: 5, wait: '30 seconds' },
  input: z.object({
    host: hostName('The host that saved the files, by its name in the inventory: it opens both stores.'),
    snapshot: z.string().min(1).default('latest').describe('The snapshot: `latest`, its name, or an ISO time (the newest up to then).'),
  }),
  output: z.object({
    snapshot: z.string().describe('The short name that restic gives the copy, 8 hexadecimal digits.'),
    store: z.string().describe('The store that the copy lies in, by its name in the inventory.'),
    site: z.string().describe('The site at which that store is.'),
    at: z.string().describe('When the snapshot was begun, ISO time.'),
  }),
  example: { host: 'a-app', snapshot: 'latest' },
  permissions: [
    "Running restic and flock on the host as the inventory's `backups.files.user`, with the password files of both stores.",
    'A login at the host of the copies that can add to the store; it needs no right to delete, and should have none.',
  ],

  async preflight({ host }, context) {
    const [from, to] = both(host, context);
    const [here, there] = await Promise.all([ifThere(fileSnapshots(from, context)), ifThere(fileSnapshots(to, context))]);
    return [
      here ? `The store ${from.store.name} opens from ${host}.` : `There is no repository in the store ${from.store.name} yet.`,
      there
        ? `The store ${to.store.name} at ${to.store.site} opens from ${host}.`
        : `There is no repository in the store ${to.store.name} at ${to.store.site} yet: it will be made.`,
    ];
  },

  async execute({ host, snapshot }, context) {
    const [from, to] = both(host, context);
    const wanted = choose(await fileSnapshots(from, context), snapshot, from);
    await ensure(to, context, from);
    await copySnapshot(wanted, from, to, within, context);
  },

  async verify({ host, snapshot }, context) {
    const [from, to] = both(host, context);
    const wanted = choose(await fileSnapshots(from, context), snapshot, from);
    const copy = await copyOf(wanted, to, context);
    if (!copy) throw new StepError('copy-not-made', `Snapshot ${wanted.id} of ${from.store.name} is not in ${to.store.name}.`);
    if ((await digestIn(to, copy, manifestIn(copy), context)) !== tagged(copy, 'manifest')) throw otherManifest(copy, to.store.name);
    return {
      outputs: { snapshot: copy.id, store: to.store.name, site: to.store.site, at: copy.at },
      backups: [await news(to.store.name, await fileSnapshots(to, context), context)],
      evidence: [
        `Snapshot ${wanted.id} of ${wanted.at} lies also in ${to.store.name} at ${to.store.site}, as ${copy.id}; its manifest was read back there.`,
      ],
    };
  },

  rehearse: { none: 'A rehearsal copies nothing of production.' },
  undo: { none: 'A copy harms nobody, and production has no right to take it away.' },
});

function both(host: string, context: StepContext) {
  const [from, to] = [storeOf(host, context), copiesOf(host, context)];
  if (from.store.site !== to.store.site) return [from, to] as const;
  throw new StepError(
    'same-failure-domain',
    `The stores ${from.store.name} and ${to.store.name} are both at ${to.store.site}: a copy lies in another failure domain.`,
    'mistake',
  );
}

function otherManifest(copy: Snapshot, store: string): StepError {
  return new StepError('manifest-wrong', `Copy ${copy.id} in ${store} does not hold the manifest that it was saved with.`, 'person');
}
