import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { startsAtBoot } from '../host/boot.ts';
import { step, type StepContext } from '../step.ts';
import { quiesceByHand } from './by-hand.ts';
import { onMember } from './connect.ts';
import { controlData } from './control-data.ts';
import { askMember, readMember } from './member.ts';
import { notPatroni, notPatroniOn } from './patroni.ts';
import { caughtUp, proveShutDown } from './prove-shut-down.ts';
import { seatOf } from './seat.ts';
import { startServer, stopServer } from './service.ts';
import { streaming } from './streaming.ts';
import { acceptsWrites } from './writes.ts';

const input = z.object({
  host: hostName('The host of the primary that is stopped, by its name in the inventory.'),
  standby: hostName(
    'The host of the standby that must have everything before it is promoted, by its name in the inventory. Left out where none is: a restored cluster takes over.',
  ).optional(),
});

export default step({
  name: 'postgres.quiesce',
  summary:
    'Stops a primary cleanly, and proves it by its control data, and that the standby which is to be promoted has replayed everything.',
  effect: 'change',
  provides: ['shutdown'],
  outage: true,
  expected: 1_000,
  timeout: '1 minute',
  retry: { times: 2, wait: '500 milliseconds' },
  input,
  output: z.object({
    lsn: z.string().describe('Position of the shutdown checkpoint in the write-ahead log.'),
    timeline: z.number().describe('The timeline that ended there, a number.'),
  }),
  example: { host: 'a-db', standby: 'b-db' },
  permissions: [
    "The right to run the service's `start`, `stop` and `enabled` commands on the host.",
    'The right to run pg_controldata on the data directory there: its owner, or root.',
    'A PostgreSQL login with the role pg_monitor on both servers.',
  ],

  async preflight({ host, standby }, context) {
    const seat = seatOf(host, context);
    await Promise.all([notPatroniOn(seat, context), onMember(seat.host, context.system, context, (query) => notPatroni(query, host))]);
    const [link, boot] = await Promise.all([
      standby === undefined ? `No standby is to be promoted after ${host}.` : streaming(host, standby, context),
      startsAtBoot(host, context),
      controlData(host, context),
    ]);
    if (boot.latched === 'no') throw bootsIntoService(host);
    return [link, boot.text];
  },

  async execute({ host, standby }, context) {
    const { state } = await controlData(host, context);
    if (state !== 'shut down') {
      // A server on its way down answers nobody: an attempt before this one stopped it, and what replication was like no longer matters.
      if (state === 'in production' && (await stillServes(host, context))) {
        if (standby !== undefined) await streaming(host, standby, context);
        if ((await startsAtBoot(host, context)).latched === 'no') throw bootsIntoService(host);
      }
      await context.stillOurs();
      await stopServer(host, context);
    }
    if (standby !== undefined) await caughtUp(host, standby, context);
  },

  async verify({ host, standby }, context) {
    const [{ control, at, evidence }, boot] = await Promise.all([proveShutDown(host, standby, context), startsAtBoot(host, context)]);
    const all = [...evidence, boot.text];
    return {
      outputs: { lsn: control.checkpoint, timeline: control.timeline },
      proofs: [
        {
          kind: 'shutdown' as const,
          by: 'postgres.quiesce',
          host,
          at,
          with: { host, ...(standby === undefined ? {} : { standby }) },
          evidence: all,
          latched: boot.latched,
        },
      ],
      evidence: all,
    };
  },

  rehearse: { none: 'A rehearsal does not stop a primary in service; a planned switchover proves it.' },

  byHand: quiesceByHand,
  async undo({ host, standby: named }, context) {
    const standby = named ?? otherThan(host, context);
    const other = await askMember(context.host(standby), context.system, context).catch((error: StepError) => {
      throw new StepError(
        'standby-silent',
        `${standby} cannot be asked whether it was promoted, so ${host} is not started: there could be two primaries. ${error.message}`,
        'person',
      );
    });
    if (!other.recovering) {
      throw new StepError(
        'already-promoted',
        `${standby} has been promoted: starting ${host} would make two primaries. Nothing was started; go on with ${standby}.`,
        'person',
      );
    }
    if ((await controlData(host, context)).state !== 'in production') {
      await context.stillOurs();
      await startServer(host, context);
    }
    const written = await onMember(context.host(host), context.system, context, async (query) => {
      const member = await readMember(query, context.host(host), context.system);
      if (member.recovering) throw new StepError('not-primary', `PostgreSQL on ${host} runs, but as a standby.`, 'person');
      return acceptsWrites(query, host);
    });
    return [`PostgreSQL on ${host} accepts writes again: one was committed at ${written.lsn}.`, `${standby} is still a standby.`];
  },
});

function otherThan(host: string, context: StepContext): string {
  return Object.values(context.system.postgres?.members ?? {}).find((member) => member !== host) ?? host;
}

async function stillServes(name: string, context: StepContext): Promise<boolean> {
  try {
    await askMember(context.host(name), context.system, context);
    return true;
  } catch (error) {
    if (error instanceof StepError && (error.code === 'postgres-not-ready' || error.code === 'postgres-unreachable')) return false;
    throw error;
  }
}

function bootsIntoService(name: string): StepError {
  return new StepError(
    'starts-at-boot',
    `PostgreSQL on ${name} starts at boot: after a restart of the host the old primary would take writes again. Nothing was stopped. Disable the service there (\`systemctl disable …\`), then retry.`,
    'person',
  );
}
