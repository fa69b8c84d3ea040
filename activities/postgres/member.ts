import type { HostFacts, SystemFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import { memberOf, onMember, type Query } from './connect.ts';

/** What a member says of itself. */
export interface Member {
  readonly recovering: boolean;
  readonly version: string;
  readonly versionNumber: number;
  /** The cluster's identifier: the same on a primary and all its standbys. */
  readonly identifier: string;
  /** Null where the user may not read it. */
  readonly directory: string | null;
  /** Flushed here by a primary; received or replayed, whichever is more, by a standby. */
  readonly lsn: string;
  readonly replayed: string | null;
  readonly timeline: number;
  /** Commit time of the last transaction replayed, by the primary's clock, milliseconds. */
  readonly replayedAt: number | null;
  /** The server's clock, milliseconds. */
  readonly clock: number;
  /** Null: no receiver runs, or the user may not see it. */
  readonly receiver: { readonly status: string; readonly silentFor: number | null; readonly primarySaid: string | null } | null;
  /** Whether it is set up to follow anybody. Null where the user may not read it. */
  readonly follows: boolean | null;
}

interface Row {
  recovering: boolean;
  version: string;
  number: number;
  identifier: string;
  directory: string | null;
  lsn: string;
  replayed: string | null;
  timeline: number;
  replayed_at: number | null;
  clock: number;
  status: string | null;
  silent_for: number | null;
  primary_said: string | null;
  follows: boolean | null;
}

const question = `
  select pg_is_in_recovery() as recovering,
    current_setting('server_version') as version,
    current_setting('server_version_num')::int as number,
    (select system_identifier::text from pg_control_system()) as identifier,
    (select setting from pg_settings where name = 'data_directory') as directory,
    (select setting <> '' from pg_settings where name = 'primary_conninfo') as follows,
    (case when pg_is_in_recovery() then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else pg_current_wal_flush_lsn() end)::text as lsn,
    pg_last_wal_replay_lsn()::text as replayed,
    case when pg_is_in_recovery() then coalesce(receiver.received_tli, (select timeline_id from pg_control_checkpoint()))
      else ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int end as timeline,
    (extract(epoch from pg_last_xact_replay_timestamp()) * 1000)::float8 as replayed_at,
    (extract(epoch from clock_timestamp()) * 1000)::float8 as clock,
    receiver.status,
    (extract(epoch from clock_timestamp() - receiver.last_msg_receipt_time) * 1000)::float8 as silent_for,
    receiver.latest_end_lsn::text as primary_said
  from (select) as one left join pg_stat_wal_receiver as receiver on true`;

/** Asks a member who it is, and holds it to the inventory: a server with another data directory is the wrong one. */
export async function readMember(query: Query, host: HostFacts, system: SystemFacts): Promise<Member> {
  const facts = memberOf(host, system);
  const member = await readSelf(query, host.name);
  const promised = facts.data[host.site];
  if (member.directory !== null && promised !== undefined && tidy(member.directory) !== tidy(promised)) {
    throw new StepError(
      'wrong-host',
      `The server that answers as ${host.name} keeps its data in ${member.directory}, and the inventory says ${promised}: it is another server, or \`postgres.data\` is wrong. Nothing was done.`,
      'person',
    );
  }
  return member;
}

/** What a server says of itself. */
export async function readSelf(query: Query, name: string): Promise<Member> {
  const [row] = await query<Row>(question);
  if (!row) throw new StepError('postgres-refused', `PostgreSQL on ${name} gave no answer about itself.`);
  return {
    recovering: row.recovering,
    version: row.version,
    versionNumber: row.number,
    identifier: row.identifier,
    directory: row.directory,
    lsn: row.lsn,
    replayed: row.replayed,
    timeline: row.timeline,
    replayedAt: row.replayed_at,
    clock: row.clock,
    receiver: row.status === null ? null : { status: row.status, silentFor: row.silent_for, primarySaid: row.primary_said },
    follows: row.follows,
  };
}

/** Asks a member who it is, in a session of its own. */
export function askMember(host: HostFacts, system: SystemFacts, ask: Asker, within?: number): Promise<Member> {
  return onMember(host, system, ask, (query) => readMember(query, host, system), within);
}

/** Throws where two members are not of one cluster: one of them is the wrong server. */
export function sameCluster(one: Member, name: string, other: Member, otherName: string): void {
  if (one.identifier === other.identifier) return;
  throw new StepError(
    'wrong-host',
    `${name} and ${otherName} are not of one PostgreSQL cluster (${one.identifier}, ${other.identifier}): one of them is the wrong server. Correct the inventory.`,
    'person',
  );
}

function tidy(path: string): string {
  return path.replace(/\/+$/, '');
}
