import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { onMember } from './connect.ts';
import { there, writeFile } from './directory.ts';
import { behind, bytes } from './lsn.ts';
import { askMember, type Member } from './member.ts';
import { command, makeSlot, slotName, type Origin } from './origin.ts';
import type { Seat } from './seat.ts';

/** How long a started standby may take until it streams and has what the primary had, milliseconds. */
const patience = 60_000;

/** Makes a cluster directory on the host follow the origin when it is started next: its slot there, its signal, its settings. */
export async function setToFollow(seat: Seat, origin: Origin, context: StepContext, directory = seat.data): Promise<void> {
  const slot = await slotFor(seat, origin, context);
  const file = `${directory}/postgresql.auto.conf`;
  const before = (await there(seat, [file])).has(file) ? await seat.do(['cat', '--', file]) : '';
  const after = withStandby(before, { primary_conninfo: origin.replication, primary_slot_name: slot });
  const signal = `${directory}/standby.signal`;
  const marked = (await there(seat, [signal])).has(signal);
  if (marked && before === after) return;
  await context.stillOurs();
  // The signal first: with it, a start half way makes a standby, and without it a second primary.
  if (!marked) await writeFile(seat, signal, '');
  if (before !== after) await writeFile(seat, file, after);
}

/** The slot on the origin that keeps its log for this host. */
export function slotFor(seat: Seat, origin: Origin, context: StepContext): Promise<string> {
  return makeSlot(seat, origin, context, (name) => readSlot(origin.name, name, context));
}

/** Waits until the member streams from the source and has replayed what the source had written when it was asked. Only reads. */
export async function caughtUpWith(host: string, source: string, context: StepContext): Promise<Following> {
  const { lsn } = await askMember(context.host(source), context.system, context);
  for (const until = Date.now() + patience; ;) {
    const now = await following(host, source, lsn, context);
    if (now.follows) return now;
    if (Date.now() > until) throw new StepError('not-streaming', `${now.text} Look at the log of PostgreSQL on ${host}.`, 'person');
    context.heartbeat(context.resume);
    await context.sleep(100);
  }
}

export interface Following {
  readonly follows: boolean;
  readonly member: Member;
  readonly slot: string;
  /** Position that it has replayed. */
  readonly lsn: string;
  /** One sentence. */
  readonly text: string;
}

/** Whether the member streams from the source by its slot there, and has replayed up to a position. */
export async function following(host: string, source: string, lsn: string, context: StepContext): Promise<Following> {
  const slot = slotName(host);
  const [member, kept] = await Promise.all([askMember(context.host(host), context.system, context), readSlot(source, slot, context)]);
  const replayed = member.replayed ?? '0/0';
  const missing = behind(replayed, lsn);
  const found = (follows: boolean, text: string): Following => ({ follows, member, slot, lsn: replayed, text });
  if (!member.recovering) throw new StepError('not-standby', `PostgreSQL on ${host} runs as a primary: stop it there at once.`, 'person');
  if (member.receiver?.status !== 'streaming') return found(false, `PostgreSQL on ${host} is a standby and does not stream.`);
  if (!kept?.active)
    return found(
      false,
      `PostgreSQL on ${host} streams, but not from ${source} by the slot ${slot}: that is ${kept ? 'not in use' : 'missing'}.`,
    );
  if (missing > 0) return found(false, `PostgreSQL on ${host} streams from ${source} and is still ${bytes(missing)} behind.`);
  return found(
    true,
    `PostgreSQL on ${host} streams from ${source} by the slot ${slot} and has replayed past ${lsn}, on timeline ${member.timeline}.`,
  );
}

export function readSlot(host: string, slot: string, context: StepContext) {
  return onMember(context.host(host), context.system, context, async (query) => {
    const [row] = await query<{ type: string; active: boolean; keeps: boolean }>(
      `select slot_type as type, active, active or (restart_lsn is not null and wal_status is distinct from 'lost') as keeps
       from pg_replication_slots where slot_name = $1`,
      [slot],
    );
    return row;
  });
}

/** Drops the slot by which the source followed this member before: nobody reads it now, and it would keep the log until the disk is full. */
export async function dropOldSlot(seat: Seat, origin: Origin, context: StepContext): Promise<void> {
  const name = seat.host.name;
  const old = slotName(origin.name);
  const found = await readSlot(name, old, context);
  if (!found || found.active || found.type !== 'physical') return;
  await context.stillOurs();
  await onMember(seat.host, context.system, context, (query) => query('select pg_drop_replication_slot($1)', [old]))
    // That login may not; the one for replication may, where it may log in at its own host. Else `idleSlots` tells people.
    .catch(() => command(seat, name, origin.self, `DROP_REPLICATION_SLOT "${old}"`))
    .catch(() => undefined);
}

/** A sentence for each slot on a member that nobody uses. */
export async function idleSlots(name: string, context: StepContext): Promise<readonly string[]> {
  const idle = await onMember(context.host(name), context.system, context, (query) =>
    query<{ slot: string }>('select slot_name::text as slot from pg_replication_slots where not active and not temporary'),
  );
  return idle.map(({ slot }) => `The slot ${slot} on ${name} is used by nobody and keeps the log there: drop it unless it is needed.`);
}

/** What a postgresql.auto.conf says where it says that the server follows another. */
function withStandby(text: string, settings: { readonly [name: string]: string }): string {
  const names = Object.keys(settings).join('|');
  const kept = text.split('\n').filter((line) => line.trim() !== '' && !new RegExp(`^\\s*(${names})\\b`, 'i').test(line));
  const added = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return [...kept, ...added, ''].join('\n');
}
