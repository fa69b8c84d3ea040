import { z } from 'zod';
import { StepError } from '../error.ts';
import { serveRestored } from '../copy/adopt.ts';
import { hostName } from '../fields.ts';
import { beating } from '../note.ts';
import { step, type StepContext } from '../step.ts';
import { onMember } from './connect.ts';
import { mustBeDown, runs } from './directory.ts';
import { holding, isFresh } from './hold.ts';
import { mayAdopt, plain, plainSettings } from './may-adopt.ts';
import { askMember, readMember } from './member.ts';
import { notPatroniOn } from './patroni.ts';
import { seatOf, type Seat } from './seat.ts';
import { orderStop, startServer } from './service.ts';
import { keptPath, standingOf, swap } from './swap.ts';
import { acceptsWrites } from './writes.ts';

const input = z.object({
  host: hostName('The host that serves the restored data from now on, by its name in the inventory.'),
  from: z
    .string()
    .regex(/^\/[^\n]+$/, 'an absolute path')
    .describe('Directory of the restored cluster on that host: recovered, and shut down cleanly.'),
});
type Input = z.infer<typeof input>;

export default step({
  name: 'postgres.adopt',
  summary: "Puts a restored cluster into the place of a member's data, keeps the old data aside, and reads back that it takes writes.",
  effect: 'destroy',
  requires: ['fence', 'shutdown'],
  commits: true,
  promotes: true,
  expected: 2_000,
  timeout: '10 minutes',
  retry: { times: 3, wait: '2 seconds' },
  input,
  output: z.object({
    kept: z.string().describe('Path of the old data directory on the host; nothing removes it. Empty in a rehearsal.'),
    timeline: z.number().describe('The timeline that the server writes, a number.'),
    lsn: z.string().describe('Position in the write-ahead log of the first write that this step saw accepted.'),
    'promoted-at': z.string().describe("When it was seen to accept writes, ISO time of the server's clock."),
  }),
  example: { host: 'b-db', from: '/var/lib/postgresql/orders.restored' },
  permissions: [
    'The right to run commands on the host as the owner of the data directory and of the directory above it.',
    'The commands under `service` that start and stop the server.',
    'A PostgreSQL login on the restored server with the role pg_monitor.',
  ],

  async preflight({ host }, context) {
    const seat = seatOf(host, context);
    await notPatroniOn(seat, context);
    const up = await runs(seat, seat.data).catch(() => false);
    return [
      `PostgreSQL on ${host} ${up ? 'runs: it is stopped before another cluster takes its place, unless it is a primary' : 'is down'}.`,
    ];
  },

  execute: (wanted, context) => beating(context, adopt(wanted, context)),

  async verify({ host }, context) {
    const seat = seatOf(host, context);
    const { swapped } = await standingOf(seat, context);
    if (!swapped) throw new StepError('not-adopted', `The data directory of ${host} has not been exchanged by this step.`);
    const kept = keptPath(seat, context);
    return onMember(seat.host, context.system, context, async (query) => {
      const member = await readMember(query, seat.host, context.system);
      if (member.recovering) throw new StepError('not-promoted', `PostgreSQL on ${host} is still recovering, or a standby.`);
      const { lsn, at } = await acceptsWrites(query, host);
      return {
        outputs: { kept, timeline: member.timeline, lsn, 'promoted-at': at },
        evidence: [
          `PostgreSQL on ${host} serves the restored cluster on timeline ${member.timeline}; a write was committed and flushed there at ${lsn}.`,
          `Its old data is kept as ${kept} on ${host}.`,
        ],
      };
    });
  },

  member: true,
  adopts: true,
  async rehearse({ host: name, from }, context) {
    await serveRestored(name, plain(from), context);
    const host = context.host(name);
    return onMember(host, context.system, context, async (query) => {
      const member = await readMember(query, host, context.system);
      const { lsn, at } = await acceptsWrites(query, name);
      return {
        outputs: { kept: '', timeline: member.timeline, lsn, 'promoted-at': at },
        evidence: [
          `The restored cluster runs as ${name}, harmless, on timeline ${member.timeline}; a write was committed and flushed there at ${lsn}.`,
        ],
      };
    });
  },
  undo: { none: 'The old data is kept aside: people decide whether it comes back, for the restored server may have taken writes.' },
});

async function adopt({ host, from }: Input, context: StepContext): Promise<void> {
  const seat = seatOf(host, context);
  await notPatroniOn(seat, context);
  const before = await standingOf(seat, context);
  if (!before.swapped) {
    await mayAdopt(seat, plain(from), before, context);
    await held(host, context);
    if (before.data) await standbyStops(seat, context);
    await plainSettings(seat, plain(from));
    await held(host, context);
    await swap(seat, plain(from), context);
  }
  await held(host, context);
  await startServer(host, context);
}

/** A standby is stopped: what takes its place is another cluster. A primary is not: nobody agreed to end what it serves. */
async function standbyStops(seat: Seat, context: StepContext): Promise<void> {
  if (!(await runs(seat, seat.data))) return;
  if (!(await askMember(seat.host, context.system, context)).recovering)
    return mustBeDown(seat, 'it is a primary, and its data is not exchanged under it');
  await context.stillOurs();
  await orderStop(seat.host.name, context);
  await mustBeDown(seat, 'its data is not exchanged under it');
}

/** Throws unless the other member is proven unable to write, a moment ago. */
async function held(host: string, context: StepContext): Promise<void> {
  const other = Object.values(context.system.postgres?.members ?? {}).find((member) => member !== host);
  const proof = await holding(context, other);
  await context.stillOurs();
  if (!isFresh(proof))
    throw new StepError('proof-stale', `The proof of ${proof.by} is older than 5 s: it is read again before ${host} takes writes.`);
}
