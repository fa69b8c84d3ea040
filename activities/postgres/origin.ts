import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { endpoint } from '../endpoint.ts';
import type { StepContext } from '../step.ts';
import { said, type Seat } from './seat.ts';

/** The server that a host copies from, as it is reached from that host with the login for replication. */
export interface Origin {
  readonly name: string;
  readonly identifier: string;
  readonly timeline: number;
  /** For `primary_conninfo` and pg_basebackup: no password, the path of its file. */
  readonly replication: string;
  /** For pg_rewind. */
  readonly rewind: string;
  /** The host's own server, for replication. */
  readonly self: string;
}

/** Asks the origin for itself over replication: who it is, and that the host may log in there. */
export async function originOf(seat: Seat, source: string, context: StepContext): Promise<Origin> {
  const { host, facts } = seat;
  if (source === host.name)
    throw new StepError('same-host', `${source} is named as the source of itself: name the other member.`, 'mistake');
  const login = facts.replication;
  if (!login) {
    throw new StepError(
      'no-replication',
      `The inventory does not say how a standby of ${context.system.name} logs in at its primary: add \`postgres.replication\`.`,
      'mistake',
    );
  }
  const info = (to: HostFacts, user: string, database: string): string => {
    const where = endpoint(to, facts.port, host.site);
    return conninfo({
      host: where.address,
      port: String(where.port),
      user,
      ...(database === '' ? {} : { dbname: database }),
      ...(login.passfile === undefined ? {} : { passfile: login.passfile }),
      application_name: slotName(host.name),
      connect_timeout: '3',
      // A dead line is noticed within about ten seconds.
      keepalives_idle: '5',
      keepalives_interval: '2',
      keepalives_count: '3',
      tcp_user_timeout: '10000',
    });
  };
  const there = context.host(source);
  const replication = info(there, login.user, '');
  const [identifier = '', timeline = ''] = (await command(seat, source, replication, 'IDENTIFY_SYSTEM')).trim().split('|');
  return {
    name: source,
    identifier,
    timeline: Number(timeline),
    replication,
    rewind: info(there, login.rewindUser, facts.database),
    self: info(host, login.user, ''),
  };
}

/** Where each timeline that led to the origin's own was left: timeline → position. */
export async function historyOf(seat: Seat, origin: Origin): Promise<ReadonlyMap<number, string>> {
  if (origin.timeline === 1) return new Map();
  const text = await command(seat, origin.name, origin.replication, `TIMELINE_HISTORY ${origin.timeline}`);
  const left = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [, timeline, position] = /(?:^|\|)(\d+)\s+([0-9A-F]+\/[0-9A-F]+)(?:\s|$)/.exec(line) ?? [];
    if (timeline && position) left.set(Number(timeline), position);
  }
  return left;
}

/** The slot at the origin that keeps the log for this host: made, or made anew where it has lost what it kept. Holds the log from now on. */
export async function makeSlot(seat: Seat, origin: Origin, context: StepContext, ask: SlotReader): Promise<string> {
  const slot = slotName(seat.host.name);
  const found = await ask(slot);
  if (found && found.type !== 'physical')
    throw new StepError('slot-taken', `The slot ${slot} on ${origin.name} is no physical one: drop or rename it there.`, 'person');
  if (found?.keeps) return slot;
  await context.stillOurs();
  if (found) await command(seat, origin.name, origin.replication, `DROP_REPLICATION_SLOT "${slot}"`);
  await command(seat, origin.name, origin.replication, `CREATE_REPLICATION_SLOT "${slot}" PHYSICAL RESERVE_WAL`).catch(
    (error: StepError) => {
      // Another attempt of this step made it meanwhile.
      if (!/already exists/.test(error.message)) throw error;
    },
  );
  return slot;
}

/** Reads a slot by its name. */
export type SlotReader = (
  slot: string,
) => Promise<{ readonly type: string; readonly active: boolean; readonly keeps: boolean } | undefined>;

/** Sends a command of the replication protocol, from the host. */
export async function command(seat: Seat, to: string, info: string, text: string): Promise<string> {
  const answer = await seat.try([seat.program('psql'), '-XAtqw', '-v', 'ON_ERROR_STOP=1', '-d', `${info} replication=true`], {
    input: `${text};\n`,
  });
  if (answer.code === 0) return answer.stdout;
  throw explained(said(answer), seat, to);
}

/** Slots are named by small letters, digits and underscores. */
export function slotName(host: string): string {
  return host
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, '_')
    .slice(0, 63);
}

export function explained(complaint: string, seat: Seat, to: string): StepError {
  const here = `${seat.host.name} cannot copy from PostgreSQL on ${to}`;
  if (/password|authentication|pg_hba|role ".*" (does not exist|is not permitted)/i.test(complaint))
    return new StepError(
      'replication-login',
      `${here}: its login is refused (${complaint}). Correct \`postgres.replication\`, the password file on ${seat.host.name}, or pg_hba.conf on ${to}.`,
      'person',
    );
  if (/permission denied|must be superuser|must be a (replication|super)/i.test(complaint))
    return new StepError('replication-permission', `${here}: ${complaint}. Grant it on ${to}, then retry.`, 'person');
  if (/timeout|could not connect|connection to server|refused|No route|unreachable|closed the connection/i.test(complaint))
    return new StepError('source-unreachable', `${here}: ${complaint}`, 'later', 1_000);
  return new StepError('replication-refused', `${here}: ${complaint}`);
}

function conninfo(parts: { readonly [name: string]: string }): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name}='${value.replaceAll(/['\\]/g, '\\$&')}'`)
    .join(' ');
}
