import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { restic, succeeded } from '../restic/restic.ts';
import type { Snapshot } from '../restic/snapshots.ts';
import { step, type StepContext } from '../step.ts';
import { named, opened, ownerOf } from './kept.ts';
import { fileSnapshots, news } from './news.ts';

/** What taking unused data out of a large store may take, milliseconds. */
const within = 6 * 60 * 60 * 1_000;

export default step({
  name: 'files.expire',
  summary: 'Takes old snapshots of the files out of a store by name, and never the newest ones or the last proven one.',
  effect: 'change',
  expected: 30_000,
  timeout: '6 hours',
  retry: { times: 3, wait: '30 seconds' },
  input: z.object({
    host: hostName('The host from which the store is opened, by its name in the inventory; it must have the right to delete there.'),
    store: z.string().min(1).describe('The store, by its name in the inventory.'),
    keep: z.number().int().min(1).describe('So many of the newest snapshots stay, a number.'),
  }),
  output: z.object({
    kept: z.number().describe('Snapshots of the files that are in the store afterwards, a number.'),
    oldest: z.string().nullable().describe('The oldest of them, ISO time; null where there is none.'),
  }),
  example: { host: 'a-app', store: 'a-files', keep: 14 },
  permissions: ['Running restic on the host as the owner of the store, with its password file and the right to delete.'],

  async preflight({ host, store: name, keep }, context) {
    const store = ownerOf(opened(named(name, context), host, context));
    const there = await fileSnapshots(store, context);
    const old = await expendable(there, keep, context);
    return [`The store ${name} holds ${there.length} snapshots of the files, of which ${old.length} may go.`];
  },

  async execute({ host, store: name, keep }, context) {
    const store = ownerOf(opened(named(name, context), host, context));
    const old = await expendable(await fileSnapshots(store, context), keep, context);
    if (old.length > 0) {
      await context.stillOurs();
      succeeded(await restic(store, ['forget', ...old.map(({ fullId }) => fullId)], context, { long: { name: 'forget', within } }), store);
    }
    // Also where nothing went: an attempt before this one may have ended between the two.
    await context.stillOurs();
    succeeded(await restic(store, ['prune'], context, { long: { name: 'prune', within } }), store);
  },

  async verify({ host, store: name, keep }, context) {
    const store = ownerOf(opened(named(name, context), host, context));
    const there = await fileSnapshots(store, context);
    const old = await expendable(there, keep, context);
    if (old.length > 0)
      throw new StepError(
        'not-expired',
        `${old.length} snapshots that should have gone are still in ${name}: ${old.map(({ id }) => id).join(', ')}.`,
      );
    return {
      outputs: { kept: there.length, oldest: there[0]?.at ?? null },
      backups: [await news(name, there, context)],
      evidence: [`${name} holds ${there.length} snapshots of the files, the oldest of ${there[0]?.at ?? 'no time at all'}.`],
    };
  },

  rehearse: { none: 'A rehearsal takes nothing away from production.' },
  undo: { none: 'What was taken away by name is gone.' },
});

/** All but the newest, and but those that are as old as the last proven one of any store: a copy keeps the time of what it copies. */
async function expendable(snapshots: readonly Snapshot[], keep: number, context: StepContext): Promise<readonly Snapshot[]> {
  const known = await context.backups();
  const lastProven = new Set<string>();
  for (const store of new Set(known.map((backup) => backup.store))) {
    const proven = known.filter((backup) => backup.store === store && backup.holds === 'files' && backup.provenAt !== null);
    const last = proven.toSorted((one, other) => one.at.localeCompare(other.at)).at(-1);
    if (last) lastProven.add(last.at);
  }
  return snapshots.slice(0, -keep).filter(({ at }) => !lastProven.has(at));
}
