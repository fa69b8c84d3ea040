import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { beating } from '../note.ts';
import { step, type StepContext } from '../step.ts';
import { copyWhole, room } from './base-backup.ts';
import { divergenceOf } from './divergence.ts';
import { mustBeDown, runs } from './directory.ts';
import { caughtUpWith, setToFollow } from './follow.ts';
import { askMember } from './member.ts';
import { originOf, type Origin } from './origin.ts';
import { notPatroniOn } from './patroni.ts';
import { stands } from './returned.ts';
import { seatOf, type Seat } from './seat.ts';
import { startServer } from './service.ts';
import { keptPath, mustSwap, standingOf, swap } from './swap.ts';

const input = z.object({
  host: hostName('The stopped host whose data directory is replaced, by its name in the inventory.'),
  source: hostName('The host of the server that serves, by its name in the inventory.'),
  compared: z.string().optional().describe('What postgres.compare found: its output `divergence`. Only what was compared may be removed.'),
  'keep-old': z
    .boolean()
    .default(true)
    .describe('Whether the old data directory is kept beside the new one. False: it is removed, if it is still as it was compared.'),
});
type Input = z.infer<typeof input>;

export default step({
  name: 'postgres.rebuild',
  summary: 'Replaces the data of a stopped member by a fresh copy of the server that serves, and proves that it streams.',
  effect: 'destroy',
  expected: 60_000,
  timeout: '1 day',
  retry: { times: 2, wait: '5 seconds' },
  input,
  output: z.object({
    lsn: z.string().describe('Position in the write-ahead log up to which the new standby has replayed.'),
    timeline: z.number().describe('The timeline it is on, a number.'),
    kept: z.string().nullable().describe('Path of the old data directory on the host. Null: it was removed.'),
  }),
  example: { host: 'a-db', source: 'b-db', 'keep-old': true },
  permissions: [
    'The right to run commands on the host as the owner of the data directory and of the directory above it, with room for a second copy.',
    'A login with REPLICATION from the host at the server that serves: the user and password file under `postgres.replication`.',
    'A PostgreSQL login with the role pg_monitor on both servers, and the command under `service` that starts the server.',
  ],

  async preflight({ host, source }, context) {
    const seat = seatOf(host, context);
    await notPatroniOn(seat, context);
    const [, , fits] = await Promise.all([
      originOf(seat, source, context),
      stands(source, context),
      room(seat, source, context),
      mustSwap(seat, seat.data),
    ]);
    return [fits];
  },

  execute: (wanted, context) => beating(context, rebuild(wanted, context)),

  async verify({ host, source }, context) {
    const seat = seatOf(host, context);
    const [now, { aside }] = await Promise.all([caughtUpWith(host, source, context), standingOf(seat, context)]);
    const kept = aside ? keptPath(seat, context) : null;
    return {
      outputs: { lsn: now.lsn, timeline: now.member.timeline, kept },
      evidence: [
        now.text,
        kept === null ? `The old data directory of ${host} is gone.` : `The old data directory of ${host} is kept as ${kept}.`,
      ],
    };
  },

  rehearse: { none: 'A rehearsal does not replace the data of a member; only a live exercise proves it.' },
  undo: { none: 'A standby more does no harm; the old data directory is kept where that is asked for.' },
});

async function rebuild({ host, source, compared, 'keep-old': keep }: Input, context: StepContext): Promise<void> {
  const seat = seatOf(host, context);
  await Promise.all([notPatroniOn(seat, context), stands(source, context)]);
  const origin = await originOf(seat, source, context);
  const { data, swapped } = await standingOf(seat, context);
  if (!swapped) {
    // The answer of an attempt before was lost, after it had removed the old directory too.
    if (data && (await runs(seat, seat.data)) && (await askMember(seat.host, context.system, context)).recovering) {
      await caughtUpWith(host, source, context);
      return;
    }
    await mustBeDown(seat, 'its data directory is not replaced under it');
    await mustSwap(seat, seat.data);
    // Put aside by an attempt before: that one has looked.
    if (!keep && data) await mustBeAsCompared(seat, origin, compared, context);
    const copy = await copyWhole(seat, origin, context);
    await setToFollow(seat, origin, context, copy);
    await swap(seat, copy, context);
  }
  await context.stillOurs();
  await startServer(host, context);
  await caughtUpWith(host, source, context);
  if (!keep) await removeOld(seat, context);
}

/** What it wrote since it was compared is nowhere else. */
async function mustBeAsCompared(seat: Seat, origin: Origin, compared: string | undefined, context: StepContext): Promise<void> {
  if (compared !== undefined && (await divergenceOf(seat, origin, context)).token === compared) return;
  throw new StepError(
    'not-compared',
    `The old data of ${seat.host.name} is not what was compared${compared === undefined ? ': nothing was' : ', it was started since'}. Nothing was done. Compare it (postgres.compare), or leave out \`keep-old: false\`.`,
    'person',
  );
}

async function removeOld(seat: Seat, context: StepContext): Promise<void> {
  if (!(await standingOf(seat, context)).aside) return;
  await context.stillOurs();
  await seat.long('remove-old', ['rm', '-rf', '--', keptPath(seat, context)], 3_600_000);
}
