import { dirname } from 'node:path';
import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { note, noted } from '../note.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { ownFolder, restoredIn } from '../copy/place.ts';
import { clusterAt, type Cluster } from './backrest/cluster.ts';
import { fromField, servedAt } from './backrest/given.ts';
import { discardOwn } from './backrest/restore-into.ts';
import { evidenceOf, fromWhere, sweepWhere } from './backrest/source.ts';
import { travel } from './backrest/travel.ts';
import { postgresOf } from './connect.ts';

const time = z.iso.datetime({ offset: true });
const input = z.object({
  host: hostName('The host on which copies are restored for a while, by its name in the inventory.'),
  site: servedAt,
  from: fromField,
  healthy: z.string().min(1).describe('A question in SQL that answers with one boolean: true as long as the damage is not done.'),
  'not-before': time.describe('A time at which it was healthy, ISO with its zone.'),
  'not-after': time.describe('A time at which it was damaged, ISO with its zone.'),
  within: z.number().min(0.1).max(86_400).describe('How near to the damage is near enough, seconds.').default(1),
  scratch: z
    .string()
    .describe('A directory on the host for the restored copy, removed afterwards. Default: beside the data directory.')
    .optional(),
});
const output = z.object({
  point: z.string().describe('The last time found healthy, ISO: postgres.restore brings it back.'),
  damaged: z.string().describe('The first time found damaged, ISO.'),
  looked: z.number().describe('At how many times the database was looked at, a number.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'postgres.find-point',
  summary: 'Finds the last point in time at which a question about the data is answered with true, in a restored copy.',
  effect: 'change',
  expected: 60_000,
  timeout: '12 hours',
  retry: { times: 2, wait: '10 seconds' },
  input,
  output,
  example: {
    host: 'b-db',
    from: 'store' as const,
    healthy: 'select count(*) > 0 from orders',
    'not-before': '2026-01-31T12:00:00Z',
    'not-after': '2026-01-31T13:00:00Z',
    within: 1,
  },
  permissions: [
    'The right to run pgbackrest, pg_ctl and psql on the host as the owner of its data, who may write where the scratch directory is made.',
    "From that host the login of pgBackRest at the repository's host.",
  ],

  async preflight(wanted, context) {
    const { low } = bounds(wanted);
    return evidenceOf({ ...wanted, to: iso(low), directory: place(wanted, context).directory }, context);
  },

  execute: (wanted, context) => find(wanted, context),
  verify: async (_, context) => told(context),

  async rehearse(wanted, context) {
    await find(wanted, context);
    return told(context);
  },

  undo: async (wanted, context) => [await discardOwn(place(wanted, context), context)],
  sweep: sweepWhere,
});

/** Halves the time between healthy and damaged. Forwards is cheap; backwards the copy is restored again. */
async function find(wanted: Input, context: StepContext): Promise<void> {
  if (noted(context, output)) return;
  const bound = bounds(wanted);
  const cluster = place(wanted, context);
  await ownFolder(cluster, context);
  await fromWhere(wanted, context, async (repository) => {
    let looked = 0;
    const at = travel(cluster, repository, wanted.site, context);
    const healthy = async (when: number): Promise<boolean> => {
      looked += 1;
      return at(iso(when), wanted.healthy);
    };
    try {
      let { low, high } = bound;
      if (!(await healthy(low)))
        throw new StepError('never-healthy', `The database is damaged at ${iso(low)} already: give an earlier \`not-before\`.`, 'mistake');
      while (high - low > wanted.within * 1_000) {
        const middle = Math.floor((low + high) / 2);
        if (await healthy(middle)) low = middle;
        else high = middle;
      }
      // Never seen damaged: only said so.
      if (high === bound.high && (await healthy(high)))
        throw new StepError('no-damage-found', `The database is healthy at ${iso(high)} still: give a later \`not-after\`.`, 'mistake');
      note(context, { point: iso(low), damaged: iso(high), looked } satisfies Output);
    } finally {
      if (!context.signal.aborted) await discardOwn(cluster, context);
    }
  });
}

function told(context: StepContext): Outcome<Output> {
  const found = noted(context, output);
  if (!found) throw new StepError('not-found', 'No attempt of this step has looked to its end.');
  return {
    outputs: found,
    evidence: [
      `The database was healthy at ${found.point} and damaged at ${found.damaged}; it was looked at ${found.looked} times, in a restored copy.`,
    ],
  };
}

function bounds(wanted: Input): { low: number; high: number } {
  const [low, high] = [Date.parse(wanted['not-before']), Date.parse(wanted['not-after'])];
  if (low < high) return { low, high };
  throw new StepError(
    'bad-target',
    `\`not-before\` (${wanted['not-before']}) MUST lie before \`not-after\` (${wanted['not-after']}).`,
    'mistake',
  );
}

function place({ host, scratch }: Input, context: StepContext): Cluster {
  const data = postgresOf(context.system).data[context.host(host).site];
  const beside = `${dirname(data ?? '/var/lib/postgresql/data')}/lifeboat-point-${context.key.slice(0, 12)}`;
  return clusterAt(host, context.run.live ? (scratch ?? beside) : restoredIn(context), context);
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
