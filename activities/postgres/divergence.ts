import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { controlData, type ControlData } from './control-data.ts';
import { there } from './directory.ts';
import { position } from './lsn.ts';
import { historyOf, type Origin } from './origin.ts';
import { said, type Seat } from './seat.ts';

/** How a stopped server's data stands to the server that serves. */
export interface Divergence {
  readonly control: ControlData;
  /**
   * `follows`: everything it has lies before the fork, so it can follow as it is. `ahead`: it wrote past the fork.
   * `rewound`: a rewind or a base backup was done and it was not started since. `unrelated`: its timeline did not lead to the other's.
   */
  readonly state: 'follows' | 'ahead' | 'rewound' | 'unrelated';
  /** Where the other server's history left this one's timeline. */
  readonly fork: string | null;
  /** Names this very divergence: another one where the server has been started since. */
  readonly token: string;
  /** One sentence. */
  readonly text: string;
}

/** Compares a stopped server with the one that serves, by control data, timeline history and log. Only reads. */
export async function divergenceOf(seat: Seat, origin: Origin, context: StepContext): Promise<Divergence> {
  const name = seat.host.name;
  const [control, left, files] = await Promise.all([
    controlData(name, context),
    historyOf(seat, origin),
    there(seat, [`${seat.data}/standby.signal`, `${seat.data}/backup_label`]),
  ]);
  if (control.identifier !== origin.identifier) {
    throw new StepError(
      'wrong-host',
      `${name} and ${origin.name} are not of one PostgreSQL cluster (${control.identifier}, ${origin.identifier}): one of them is the wrong server. Correct the inventory.`,
      'person',
    );
  }
  const fork = left.get(control.timeline) ?? null;
  const token = [control.identifier, control.timeline, fork ?? 'none', control.state.replaceAll(' ', '-'), control.checkpoint].join(':');
  const found = (state: Divergence['state'], text: string): Divergence => ({ control, state, fork, token, text });
  const standby = files.has(`${seat.data}/standby.signal`);
  if (standby && files.size === 2) return found('rewound', `${name} holds a rewound copy or a base backup that was not started yet.`);
  if (control.timeline === origin.timeline && standby)
    return found('follows', `${name} is a standby on timeline ${control.timeline}, as ${origin.name} is.`);
  if (fork === null) {
    return found(
      'unrelated',
      `${name} is on timeline ${control.timeline}, which did not lead to timeline ${origin.timeline} of ${origin.name}: the two cannot be joined by a rewind.`,
    );
  }
  const forked = `${origin.name} left timeline ${control.timeline} at ${fork}`;
  const shut = control.state === 'shut down';
  if (shut ? position(control.checkpoint) < position(fork) : await endsBefore(seat, control, fork))
    return found('follows', `${forked}, and ${name} has nothing after that (control data: "${control.state}").`);
  return found('ahead', `${forked}, and ${name} wrote on after that (control data: "${control.state}").`);
}

/** What was committed on a stopped server after the fork. */
export interface Commits {
  readonly count: number;
  /** The oldest transaction among them; null where there is none. */
  readonly oldest: number | null;
}

/** Reads the log after the fork, a page at a time. Null where it is no longer there, so that nothing is known. */
export async function commitsAfter(seat: Seat, timeline: number, fork: string): Promise<Commits | null> {
  let count = 0;
  let oldest: number | null = null;
  for (let from = fork, last = ''; ; from = last) {
    const { lines, whole } = await waldump(seat, timeline, from, ['-r', 'Transaction', '-n', '200']);
    const records = lines.flatMap((line) => record.exec(line)?.slice(1) ?? []);
    if (records.length === 0 && !whole) return null;
    const before = last;
    for (let at = 0; at < records.length; at += 3) {
      const [xid, lsn, text] = [Number(records[at]), records[at + 1]!, records[at + 2]!];
      if (lsn === before) continue;
      last = lsn;
      if (!text.startsWith('COMMIT')) continue;
      const prepared = /^COMMIT_PREPARED (\d+)/.exec(text)?.[1];
      const id = prepared === undefined ? xid : Number(prepared);
      if (id === 0) continue;
      count += 1;
      // Transaction ids wrap around.
      if (oldest === null || ((id - oldest) | 0) < 0) oldest = id;
    }
    if (last === before) return { count, oldest };
  }
}

const record = /tx:\s*(\d+), lsn: ([0-9A-F]+\/[0-9A-F]+), .*?desc: (.*)$/;

/** Whether the log of a timeline holds nothing at or after a position. */
async function endsBefore(seat: Seat, { timeline, segment }: ControlData, fork: string): Promise<boolean> {
  const { lines, whole } = await waldump(seat, timeline, fork, ['-n', '1']);
  if (lines.length > 0) return false;
  if (whole) return true;
  // Where the fork is the end of a file of the log, the next one need never have been begun.
  const hex = (number: bigint): string => number.toString(16).toUpperCase().padStart(8, '0');
  const [number, each] = [position(fork) / BigInt(segment), 0x1_0000_0000n / BigInt(segment)];
  const first = `${hex(BigInt(timeline))}${hex(number / each)}${hex(number % each)}`;
  const files = (
    await seat.do(['find', `${seat.data}/pg_wal`, '-maxdepth', '1', '-name', `${hex(BigInt(timeline))}????????????????`])
  ).split('\n');
  return position(fork) % BigInt(segment) === 0n && !files.some((file) => file.slice(-24) >= first && /[0-9A-F]{24}$/.test(file));
}

/** `whole`: the log could be read up to its end. */
async function waldump(seat: Seat, timeline: number, from: string, more: readonly string[]): Promise<{ lines: string[]; whole: boolean }> {
  const argv = [seat.program('pg_waldump'), '-p', `${seat.data}/pg_wal`, '-t', String(timeline), '-s', from, ...more];
  const answer = await seat.try(argv, { within: 60_000 });
  const lines = answer.stdout.split('\n');
  // A line that was cut off is read on the next page.
  lines.pop();
  const complaint = answer.code === 0 ? '' : said(answer);
  if (/Permission denied|not found|No such file or directory: .*pg_wal$/.test(complaint))
    throw new StepError('log-unread', `The log in ${seat.data}/pg_wal on ${seat.host.name} cannot be read: ${complaint}`, 'person');
  return { lines: lines.filter((line) => line.startsWith('rmgr:')), whole: !/could not (find|open) file/.test(complaint) };
}
