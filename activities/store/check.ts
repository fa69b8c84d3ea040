import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { named, opened, ownerOf } from '../files/kept.ts';
import { note, noted } from '../note.ts';
import { isKeptHere, type Repository } from '../restic/repository.ts';
import { snapshotsOf } from '../restic/snapshots.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { attack, sacrifice, sacrifices } from './sacrifice.ts';

/** What the store answered, and about which snapshot. */
const tried = z.object({ sacrifice: z.string(), refusal: z.string() });

const input = z.object({
  host: hostName(
    "The host that tries, by its name in the inventory: production's, whose right to delete is tried, or one of the other site, whose key is.",
  ),
  store: z.string().min(1).describe('The store, by its name in the inventory.'),
  deletion: z
    .enum(['refused', 'not-tried'])
    .default('refused')
    .describe(
      'What a deletion must come to. With `refused` a throw-away snapshot is made and its deletion tried from this host; with `not-tried` only the key is proved.',
    ),
});
const output = z.object({
  site: z.string().describe('The site at which the store is.'),
  opens: z.literal(true).describe("Always true: the store opened with this host's key."),
  snapshots: z.number().describe('Snapshots that it holds, throw-away ones left out, a number.'),
  newest: z.string().nullable().describe('The newest of them, ISO time; null where there is none.'),
  deletion: z.enum(['refused', 'not-tried']).describe('With `refused`, a deletion was tried and refused, and the snapshot is still there.'),
});
type Input = z.output<typeof input>;
type Output = z.output<typeof output>;

export default step({
  name: 'store.check',
  summary: 'Proves by trying that a store of copies opens with the key that a host has, and that this host can delete nothing from it.',
  effect: 'change',
  expected: 30_000,
  timeout: '5 minutes',
  retry: { times: 3, wait: '10 seconds' },
  input,
  output,
  example: { host: 'a-app', store: 'b-vault', deletion: 'refused' },
  permissions: [
    'Running restic and timeout on the host with the password file of the store.',
    'For `refused`: the login at the store that production saves with; it may add and not delete.',
  ],

  async preflight({ host, store, deletion }, context) {
    const repository = repositoryOf(host, store, deletion, context);
    const there = await snapshotsOf(repository, [], context);
    return [`The store ${store} at ${repository.store.site} opens from ${host} and holds ${there.length} snapshots.`];
  },

  async execute({ host, store, deletion }, context) {
    if (deletion === 'not-tried' || noted(context, tried)) return;
    const repository = repositoryOf(host, store, deletion, context);
    const victim = await sacrifice(repository, context);
    await context.stillOurs();
    note(context, { sacrifice: victim.fullId, refusal: await attack(repository, victim, context) });
  },

  verify: (wanted, context) => checked(wanted, context),

  // With production's own credentials, for a copy's prove nothing of them. A deletion is tried in backups alone: should the store not
  // refuse it, it is done; and before it a snapshot is made, which stays.
  proves: true,
  async rehearse(wanted, context) {
    repositoryOf(wanted.host, wanted.store, wanted.deletion, context);
    const outcome = await checked({ ...wanted, deletion: 'not-tried' }, context);
    const left = wanted.deletion === 'refused' ? ['That nothing can be deleted there was not tried: the backup tries it.'] : [];
    return { ...outcome, evidence: [...outcome.evidence, ...left] };
  },
  undo: { none: 'A throw-away snapshot of one line stays in the store, and is used again by the next check.' },
});

async function checked({ host, store, deletion }: Input, context: StepContext): Promise<Outcome<Output>> {
  const repository = repositoryOf(host, store, deletion, context);
  const all = await snapshotsOf(repository, [], context);
  const thrownAway = new Set((await sacrifices(all, context)).map(({ fullId }) => fullId));
  const there = all.filter((snapshot) => !thrownAway.has(snapshot.fullId) && !snapshot.tags.includes('throw-away'));
  const newest = there.at(-1)?.at ?? null;
  const outputs = { site: repository.store.site, opens: true as const, snapshots: there.length, newest, deletion };
  const opens = `The store ${store} at ${repository.store.site} opens with the key of ${host} and holds ${there.length} snapshots, the newest of ${newest ?? 'no time at all'}.`;
  if (deletion === 'not-tried') return { outputs, evidence: [opens] };
  const known = noted(context, tried);
  if (!known) throw new StepError('store-not-tried', `Whether ${host} can delete from ${store} was not tried, or the answer was lost.`);
  if (!thrownAway.has(known.sacrifice)) throw notProtected(store, host);
  return {
    outputs,
    evidence: [
      opens,
      `${host} tried to delete the throw-away snapshot ${known.sacrifice.slice(0, 8)} there. ${known.refusal} It is still there.`,
    ],
  };
}

function repositoryOf(host: string, name: string, deletion: 'refused' | 'not-tried', context: StepContext): Repository {
  const store = named(name, context);
  const repository = ownerOf(opened(store, host, context));
  if (deletion === 'not-tried') return repository;
  if (isKeptHere(repository) || store.site === context.host(host).site) {
    throw new StepError(
      'same-failure-domain',
      `The store ${name} is at ${store.site}, where ${host} is too: it is no copy in another failure domain, and whoever has that host can delete it.`,
      'person',
    );
  }
  return repository;
}

function notProtected(store: string, host: string): StepError {
  return new StepError(
    'store-not-protected',
    `${host} could delete a snapshot from ${store} with production's own credentials: whoever breaks into production can delete every copy. Let that login only append (such as \`rclone serve restic --append-only\`), then check again.`,
    'person',
  );
}
