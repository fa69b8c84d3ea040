import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { note, noted } from '../note.ts';
import { checkData } from '../restic/check.ts';
import { fits, restore } from '../restic/restore.ts';
import { choose, type Snapshot } from '../restic/snapshots.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { ownerOf, readable } from './kept.ts';
import { bytesOf, fileSnapshots, filesIn, news } from './news.ts';
import { ownFolder, stepFolder } from '../copy/place.ts';
import { inPlace, placeFor } from './place.ts';
import { compareRestored, sentences } from './restored.ts';

/** What reading and restoring everything may take, milliseconds. */
const within = 12 * 60 * 60 * 1_000;
/** What was proved before the scratch copy was taken away. */
const proof = z.object({ snapshot: z.string(), at: z.string(), compared: z.array(z.string()), changed: z.number() });

const input = z.object({
  host: hostName('The host on which the snapshot is restored, by its name in the inventory; not the one whose files it holds.'),
  snapshot: z.string().min(1).default('latest').describe('The snapshot: `latest`, its name, or an ISO time (the newest up to then).'),
  store: z
    .string()
    .optional()
    .describe('The store, by its name in the inventory. Default: of the source, the one that the host keeps or has at its site.'),
  read: z
    .string()
    .regex(/^\d{1,2}(?:\.\d+)?%$/, 'a percentage, such as 5%')
    .optional()
    .describe("How much of the store's data is read besides the snapshot itself, a percentage such as `5%`. Default: all of it."),
});
const output = z.object({
  snapshot: z.string().describe('The short name that restic gives the snapshot, 8 hexadecimal digits.'),
  store: z.string().describe('The store that it lies in, by its name in the inventory.'),
  at: z.string().describe('The recovery point: when the snapshot was begun, ISO time.'),
  'proven-at': z.string().describe('When it had been restored and compared, ISO time.'),
  files: z.number().describe('Regular files in it, a number.'),
  bytes: z.number().describe('The sum of their sizes, bytes.'),
  changed: z.number().describe('Names that changed while they were saved, so that nothing is proven of their content.'),
  compared: z.array(z.string()).describe('What was compared, one sentence an item.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'files.verify',
  summary: 'Proves a snapshot of the files: reads the whole store, restores the snapshot to a scratch folder and compares every file.',
  effect: 'change',
  expected: 120_000,
  timeout: '12 hours',
  retry: { times: 2, wait: '30 seconds' },
  input,
  output,
  example: { host: 'b-app', snapshot: 'latest' },
  permissions: [
    "Running restic, find, sort, sed, awk and sha256sum on the host as the inventory's `backups.files.user`, with room for the files in /var/tmp.",
    'The password file of the store on that host: the key of the site that saved is not needed.',
  ],

  async preflight({ host, snapshot, store }, context) {
    const from = readable(store, host, context);
    const wanted = choose(await fileSnapshots(from, context), snapshot, from);
    isElsewhere(host, wanted);
    return [`Snapshot ${wanted.id} of ${wanted.at} lies in ${from.store.name}.`, await fits(from, wanted, placeOf(context), context)];
  },

  execute: prove,
  verify: proven,
  async rehearse(input, context) {
    await prove(input, context);
    // No proof is kept of a rehearsal.
    const { backups: _, ...outcome } = await proven(input, context);
    return outcome;
  },
  undo: { none: 'It leaves nothing behind: the scratch folder is removed whatever the outcome.' },
});

async function prove({ host, snapshot, store, read }: Input, context: StepContext): Promise<void> {
  if (noted(context, proof)) return;
  const from = readable(store, host, context);
  const wanted = choose(await fileSnapshots(from, context), snapshot, from);
  isElsewhere(host, wanted);
  const place = placeOf(context);
  await fits(from, wanted, place, context);
  await context.stillOurs();
  await ownFolder({ host: context.host(from.host), ...(from.as === undefined ? {} : { owner: from.as }) }, context);
  const checked = await checkData(ownerOf(from), { within, ...(read === undefined ? {} : { subset: read }) }, context);
  await inPlace(from, place, context, async () => {
    const root = `${place}/restored`;
    await restore(from, wanted, { target: root, within }, context);
    const compared = await compareRestored(from, wanted, { root, place, within }, context);
    const all = [checked, ...sentences(compared, wanted, `on ${host}`)];
    note(context, { snapshot: wanted.id, at: new Date().toISOString(), compared: all, changed: compared.changed });
  });
}

async function proven({ host, store }: Input, context: StepContext): Promise<Outcome<Output>> {
  const proved = noted(context, proof);
  if (!proved)
    throw new StepError('backup-unproven', 'What was compared is not known any more: the attempt that did it was lost. It is done again.');
  const from = readable(store, host, context);
  const there = await fileSnapshots(from, context);
  const wanted = choose(there, proved.snapshot, from);
  const told = { id: wanted.id, at: proved.at, compared: proved.compared };
  return {
    outputs: {
      snapshot: wanted.id,
      store: from.store.name,
      at: wanted.at,
      'proven-at': proved.at,
      files: filesIn(wanted),
      bytes: bytesOf(wanted),
      changed: proved.changed,
      compared: proved.compared,
    },
    backups: [await news(from.store.name, there, context, told)],
    evidence: [`Snapshot ${wanted.id} of ${wanted.at} in ${from.store.name} is proven.`, ...proved.compared],
  };
}

/** A rehearsal restores where copies lie. */
function placeOf(context: StepContext): string {
  return context.run.live ? placeFor(context) : `${stepFolder(context)}/files`;
}

/** Where the files still are, a restore could only seem to work. */
function isElsewhere(host: string, snapshot: Snapshot): void {
  if (snapshot.host !== host) return;
  throw new StepError('not-elsewhere', `Snapshot ${snapshot.id} was saved on ${host} itself: it is proven on another host.`, 'mistake');
}
