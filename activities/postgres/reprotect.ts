import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { beating } from '../note.ts';
import { step, type StepContext } from '../step.ts';
import type { Divergence } from './divergence.ts';
import { caughtUpWith, dropOldSlot, following, idleSlots, setToFollow } from './follow.ts';
import { askMember } from './member.ts';
import { notYet, returned } from './returned.ts';
import { startServer } from './service.ts';

export default step({
  name: 'postgres.reprotect',
  summary: 'Makes the old primary a standby of the server that serves, and proves that it streams and has caught up.',
  effect: 'change',
  protects: true,
  expected: 2_000,
  timeout: '10 minutes',
  retry: { times: 3, wait: '2 seconds' },
  input: z.object({
    host: hostName('The host that becomes the standby, by its name in the inventory.'),
    source: hostName('The host of the server that serves, by its name in the inventory.'),
  }),
  output: z.object({
    slot: z.string().describe('The slot on the server that serves, which keeps the log for the standby.'),
    timeline: z.number().describe('The timeline that both are on, a number.'),
    lsn: z.string().describe('Position in the write-ahead log up to which the standby has replayed.'),
  }),
  example: { host: 'a-db', source: 'b-db' },
  permissions: [
    'The right to run commands on the host as the owner of the data directory, and the command under `service` that starts the server.',
    'A login with REPLICATION from the host at the server that serves: the user and password file under `postgres.replication`.',
    'A PostgreSQL login with the role pg_monitor on both servers.',
  ],

  async preflight({ host, source }, context) {
    const later = await notYet(host, source, context);
    if (later) return later;
    const { divergence } = await returned(host, source, context);
    if (divergence) mustFollow(host, divergence);
    return [divergence?.text ?? `PostgreSQL on ${host} is a standby already.`];
  },

  execute: ({ host, source }, context) => beating(context, reprotect(host, source, context)),

  async verify({ host, source }, context) {
    const now = await caughtUpWith(host, source, context);
    return {
      outputs: { slot: now.slot, timeline: now.member.timeline, lsn: now.lsn },
      lifts: context.run.live ? [host] : [],
      evidence: [now.text, `PostgreSQL on ${host} is a standby: it takes no writes.`, ...(await idleSlots(host, context))],
    };
  },

  rehearse: { none: 'A rehearsal does not turn replication round; a planned switchover and its way back prove it.' },
  undo: { none: 'A standby more does no harm; the old primary MUST NOT take writes again.' },
});

async function reprotect(host: string, source: string, context: StepContext): Promise<void> {
  const { seat, origin, divergence } = await returned(host, source, context);
  if (divergence) {
    mustFollow(host, divergence);
    await setToFollow(seat, origin, context);
    await context.stillOurs();
    await startServer(host, context);
  } else {
    const { lsn } = await askMember(context.host(source), context.system, context);
    if ((await following(host, source, lsn, context)).member.receiver?.status !== 'streaming') {
      await setToFollow(seat, origin, context);
      await context.stillOurs();
      await seat.do([seat.program('pg_ctl'), 'reload', '-s', '-D', seat.data]);
    }
  }
  await caughtUpWith(host, source, context);
  await dropOldSlot(seat, origin, context);
}

/** Refuses a server that has rows of its own. */
function mustFollow(host: string, { state, text }: Divergence): void {
  if (state === 'follows' || state === 'rewound') return;
  throw new StepError(
    'diverged',
    `${text} As it is, ${host} cannot follow; nothing was started. Compare it (postgres.compare), then rewind or rebuild it.`,
    'person',
  );
}
