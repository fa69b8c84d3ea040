import { z } from 'zod';
import { account } from '../aws/account.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { beating, noteAlso, noted } from '../note.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Backup, type BackupNews, type Outcome, type StepContext } from '../step.ts';
import { looking, removing } from './actions.ts';
import { kinds, type Made } from './leftovers.ts';
import { decide } from './removable.ts';
import { isProven, type Saved } from './retention.ts';
import { takeAway } from './take-away.ts';

const input = z.object({
  site: siteName('The AWS site that is cleaned up, by its name in the inventory.'),
  of: z
    .enum(['run', 'earlier', 'expired'])
    .describe(
      'With `run`: what this run made. With `earlier`: what those before it made. With `expired`: what rehearsals of the system made and is to be kept no longer, and its snapshots and images whose days are over.',
    ),
  steps: z
    .array(z.string().min(1).describe('Id of a step.'))
    .min(1)
    .describe('With `run` and `earlier`: only what these steps made. It must be given in a live run. Default: all of them.')
    .optional(),
  keep: z
    .int()
    .min(1)
    .max(1_000)
    .default(1)
    .describe(
      'With `expired`: how many backups of each instance and database are kept at the least, and always the last proven one; a number.',
    ),
});
const output = z.object({
  left: z.literal(0).describe('Always 0: nothing is left of what was to be taken away.'),
  removed: z.array(z.string()).describe('What was taken away, as kind and id.'),
  spared: z
    .array(z.string())
    .describe('What was to be taken away and stays, for something else uses it or it is the last proven backup; as kind and id.'),
  kept: z.array(z.string()).describe('Labels of the backups that are there, oldest first.'),
  proven: z.array(z.string()).describe('Labels of those of them that are proven.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

/** So many of the newest backups are told of; older ones only where they are known already. */
const most = 100;
/** What this step has begun to take away so far, for the record. */
const begun = z.object({ removed: z.array(z.string()) });

export default step({
  name: 'ec2.cleanup',
  summary:
    'Takes away by its tags what this run or an expired rehearsal made at AWS and backups whose days are over, never the last proven one.',
  effect: 'change',
  expected: 60_000,
  timeout: '2 hours',
  retry: { times: 5, wait: '10 seconds' },
  input,
  output,
  example: { site: 'us-west-2', of: 'expired', keep: 7 },
  permissions: [],
  iam: { preflight: [...looking], execute: [...removing], rehearse: [...removing] },

  async preflight(wanted, context) {
    await account(wanted.site, context);
    const { doomed, spared } = await decide(wanted, context);
    return [
      doomed.length === 0
        ? `Nothing is to be taken away at ${wanted.site}.`
        : `At ${wanted.site} ${doomed.length} are to be taken away: ${doomed.map(nameOf).join(', ')}.`,
      ...spared.map(whyOf),
    ];
  },

  execute: (wanted, context) => clear(wanted, context),
  verify: (wanted, context) => cleared(wanted, context),

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    // A rehearsal takes away its own, and no backup whose days are over.
    await clear({ ...wanted, of: 'run' }, context);
    return cleared({ ...wanted, of: 'run' }, context);
  },

  undo: { none: 'What was taken away is gone.' },
});

/** Looks what there is, takes away what nothing of the rest uses, and looks again, until nothing is left. */
async function clear(wanted: Input, context: StepContext): Promise<void> {
  const { site } = wanted;
  const tried = new Set<string>();
  for (let wait = 200; ; wait = Math.min(wait * 2, 10_000)) {
    const { doomed } = await decide(wanted, context);
    if (doomed.length === 0) return;
    const first = kinds.find((kind) => doomed.some((one) => one.kind === kind));
    for (const one of doomed.filter(({ kind, going, id }) => kind === first && !going && !tried.has(id))) {
      const removed = [...new Set([...(noted(context, begun)?.removed ?? []), nameOf(one)])];
      noteAlso(context, { removed, saying: `${doomed.length} are left to take away at ${site}.` });
      await takeAway(one, site, context);
      tried.add(one.id);
      wait = 200;
    }
    await beating(context, context.sleep(wait));
  }
}

async function cleared(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site } = wanted;
  const { doomed, spared, left } = await decide(wanted, context);
  if (doomed.length > 0)
    throw new StepError('not-clean', `${doomed.length} are left at ${site}: ${doomed.map(nameOf).slice(0, 20).join(', ')}.`);
  const removed = noted(context, begun)?.removed ?? [];
  const known = await context.backups();
  return {
    outputs: {
      left: 0,
      removed,
      spared: spared.map(nameOf),
      kept: left.map(({ label }) => label),
      proven: left.filter((one) => isProven(one, known)).map(({ label }) => label),
    },
    backups: ['volumes' as const, 'database' as const].map((holds) => newsOf(holds, site, left, known)),
    evidence: [
      `0 are left at ${site} of what was to be taken away; ${removed.length === 0 ? 'nothing had to be' : `${removed.length} were: ${removed.join(', ')}`}.`,
      ...spared.map(whyOf),
    ],
  };
}

/** All that the site has; this run's own, and those of a run beside it, may be known to nobody yet. */
function newsOf(holds: Backup['holds'], store: string, left: readonly Saved[], known: readonly Backup[]): BackupNews {
  const there = left.filter((one) => one.holds === holds && one.parts.every(({ sound }) => sound));
  const backups = there.flatMap(({ label, at, parts }, place) => {
    const before = known.find((one) => one.store === store && one.holds === holds && one.label === label);
    if (before) return [before];
    if (place < there.length - most) return [];
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    return [{ label, store, holds, kind: 'snapshot' as const, at, bytes, provenAt: null, compared: [] }];
  });
  return { store, holds, complete: true, backups };
}

function whyOf(one: Made): string {
  const why = one.usedBy.length > 0 ? `is used by ${one.usedBy.join(', ')}` : 'is of the last proven backup';
  return `${nameOf(one)} ${why} and stays.`;
}

function nameOf({ kind, id }: Made): string {
  return `${kind} ${id}`;
}
