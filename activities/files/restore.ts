import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { checkEmpty, moveIntoPlace, partOf, restoredHere } from './directory.ts';
import type { Repository } from '../restic/repository.ts';
import { fits, restore } from '../restic/restore.ts';
import { choose, type Snapshot } from '../restic/snapshots.ts';
import { step, type StepContext } from '../step.ts';
import { readable } from './kept.ts';
import { fileSnapshots } from './news.ts';
import { inPlace, placeFor } from './place.ts';
import { compareRestored, sentences } from './restored.ts';

/** What restoring everything may take, milliseconds. */
const within = 12 * 60 * 60 * 1_000;

export default step({
  name: 'files.restore',
  summary: 'Restores a snapshot of the files into a new directory, and holds every file to its manifest.',
  effect: 'change',
  expected: 60_000,
  timeout: '12 hours',
  retry: { times: 3, wait: '10 seconds' },
  input: z.object({
    host: hostName('The host on which the files are restored, by its name in the inventory.'),
    snapshot: z.string().min(1).default('latest').describe('The snapshot: `latest`, its name, or an ISO time (the newest up to then).'),
    store: z
      .string()
      .optional()
      .describe('The store, by its name in the inventory. Default: of the source, the one that the host keeps or has at its site.'),
    directory: z
      .string()
      .regex(/^\/[^/\0]+(?:\/[^/\0]+)*$/, 'an absolute path that is not /')
      .describe('A new directory on the host, under which the saved paths are laid out; it is made when everything is whole.'),
  }),
  output: z.object({
    snapshot: z.string().describe('The short name that restic gives the snapshot, 8 hexadecimal digits.'),
    at: z.string().describe('The recovery point: when the snapshot was begun, ISO time.'),
    directory: z.string().describe('Where the files are, an absolute path on the host.'),
    files: z.number().describe('Regular files restored, a number.'),
    bytes: z.number().describe('The sum of their sizes, bytes.'),
    changed: z.number().describe('Names that changed while they were saved, so that nothing is proven of their content.'),
  }),
  example: { host: 'b-app', snapshot: 'latest', directory: '/srv/restored/orders' },
  permissions: [
    "Running restic, find, sort, sed, awk and sha256sum on the host as the inventory's `backups.files.user`, who may write beside the directory.",
    'The password file of the store on that host: the key of the lost site is not needed.',
  ],

  async preflight({ host, snapshot, store, directory }, context) {
    const from = readable(store, host, context);
    await checkEmpty(from, directory, context);
    const wanted = choose(await fileSnapshots(from, context), snapshot, from);
    return [`Snapshot ${wanted.id} of ${wanted.at} lies in ${from.store.name}.`, await fits(from, wanted, directory, context)];
  },

  async execute({ host, snapshot, store, directory }, context) {
    const from = readable(store, host, context);
    if (await restoredHere(from, directory, context)) return;
    await checkEmpty(from, directory, context);
    const wanted = choose(await fileSnapshots(from, context), snapshot, from);
    await fits(from, wanted, directory, context);
    await context.stillOurs();
    const part = partOf(directory, context);
    await restore(from, wanted, { target: part, within }, context);
    await moveIntoPlace(from, { part, directory, snapshot: wanted.fullId }, context);
  },

  async verify({ host, store, directory }, context) {
    const from = readable(store, host, context);
    const id = await restoredHere(from, directory, context);
    if (id === undefined) throw new StepError('not-restored', `This step has not restored anything into ${directory} on ${host} yet.`);
    const snapshot = choose(await fileSnapshots(from, context), id, from);
    const { evidence, ...counts } = await held(from, snapshot, directory, context);
    return { outputs: { snapshot: snapshot.id, at: snapshot.at, directory, ...counts }, evidence };
  },

  rehearse: { none: 'The same snapshot is restored elsewhere, compared and cleaned up by files.verify.' },
  undo: { none: 'What was restored lies in a directory of its own, which a person may remove.' },
});

async function held(from: Repository, snapshot: Snapshot, directory: string, context: StepContext) {
  const place = placeFor(context);
  const compared = await inPlace(from, place, context, () => compareRestored(from, snapshot, { root: directory, place, within }, context));
  const evidence = sentences(compared, snapshot, `into ${directory} on ${from.host}`);
  return { files: compared.files, bytes: compared.bytes, changed: compared.changed, evidence };
}
