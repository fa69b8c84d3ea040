import { StepError } from '../../error.ts';
import type { StepContext } from '../../step.ts';
import type { Cluster } from './cluster.ts';
import { freeBytes, must, readText } from './files.ts';
import { asking, isRunning, start, stop, type Door } from './server.ts';
import { waitsFor } from './waits-for.ts';

/** Usual size of a segment of the write-ahead log, bytes. */
const segment = 16 * 1024 * 1024;

/** How long a standby may look for one segment in vain, milliseconds: it asks each five seconds, and a repository may be out of reach for a moment. */
export const recoveryGap = 20_000;

/** How a recovery ended. */
export interface Recovered {
  /** Commit time of the last transaction that was replayed, ISO; null: none was, or the server does not say. */
  readonly at: string | null;
  /** Why it stopped there, in the server's words. */
  readonly stopped: string;
}

/** Where a recovery shall stand. `idle`: a standby that has replayed all that it finds, and looks for more from time to time. */
type Stand = 'promoted' | 'paused' | 'idle';
interface State {
  readonly recovering: boolean;
  readonly paused: boolean | null;
  readonly idle: boolean | null;
  readonly at: string | null;
}

const question = `
  select pg_is_in_recovery() as recovering, case when pg_is_in_recovery() then pg_is_wal_replay_paused() end as paused,
    (select wait_event = 'RecoveryRetrieveRetryInterval' from pg_stat_activity where backend_type = 'startup') as idle,
    pg_last_xact_replay_timestamp() as at`;

/**
 * Waits until the server stands where it was told to. A server that ends instead is a failure by name: a start that succeeded says
 * nothing, for a recovery that misses its target ends the server after it. `door`: the one it was started with.
 */
export async function recovered(cluster: Cluster, wanted: Stand, context: StepContext, door?: Door): Promise<Recovered> {
  const query = asking(cluster, context, door === undefined ? {} : { port: door.port });
  let began = Date.now();
  let waiting: { readonly segment: string | undefined; readonly since: number } | undefined;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
    const state = await query<State>(question).catch((error: unknown) => {
      if (error instanceof StepError && error.remedy === 'again') return [];
      throw error;
    });
    const [now] = state;
    if (now?.paused === true && tooSmall.test(await logOf(cluster, context))) {
      // Production was given more connections, or the like, since the backup: the control data say by now how many.
      await context.stillOurs();
      await stop(cluster, 'fast', context);
      await start(cluster, context, door);
      began = Date.now();
      continue;
    }
    if (now && (!now.recovering || (wanted === 'paused' && now.paused === true) || (wanted === 'idle' && now.idle === true))) {
      const at = now.at === null ? null : new Date(now.at).toISOString();
      return { at, stopped: stopOf(await logOf(cluster, context)) };
    }
    if (!now && !(await isRunning(cluster, context))) {
      const log = await logOf(cluster, context);
      // One that has just been started runs only in a moment.
      if (fatal(log) !== undefined || Date.now() - began > 10_000) throw await ended(cluster, log, context);
    }
    if (!now && wanted === 'idle') {
      const segment = await waitsFor(cluster, context);
      if (segment === undefined || segment !== waiting?.segment) waiting = { segment, since: Date.now() };
      else if (Date.now() - waiting.since > recoveryGap) throw gapAt(segment, cluster);
    }
    await context.sleep(pause);
  }
}

/** The failure of a standby that looks for a segment in vain. */
export function gapAt(segment: string | undefined, { directory, host }: Cluster): StepError {
  return new StepError(
    'archive-missing',
    `The recovery in ${directory} on ${host.name} cannot go on: segment ${segment ?? '(unknown)'} of the write-ahead log is not in the archive, or cannot be fetched from there. What comes after it is lost to any recovery: make a backup, then find out why.`,
    'person',
  );
}

const tooSmall = /hot standby is not possible because of insufficient parameter settings/;

/** The last transaction that a recovery replayed before it ran out of log, or undefined. ISO. */
export function lastTransaction(log: string): string | undefined {
  const time = /last completed transaction was at log time (.+)/.exec(log)?.[1];
  return time === undefined || Number.isNaN(Date.parse(time)) ? undefined : new Date(time).toISOString();
}

/** The end of the server's log, at most 64 KiB. */
export async function logOf(cluster: Cluster, context: StepContext): Promise<string> {
  if ((await readText(cluster, `${cluster.directory}/PG_VERSION`, context)) === undefined) return '';
  return must(cluster, 'read the log', ['tail', '-c', '60000', '--', `${cluster.beside}/log`], context);
}

function stopOf(log: string): string {
  const early = /recovery stopping (.+)/.exec(log)?.[1];
  return early === undefined ? 'it replayed the archive to its end' : `it stopped ${early}`;
}

async function ended(cluster: Cluster, log: string, context: StepContext): Promise<StepError> {
  const { directory, host } = cluster;
  const said = fatal(log) ?? log.trim().split('\n').at(-1) ?? '';
  const where = `The recovery in ${directory} on ${host.name} ended`;
  if (/recovery ended before configured recovery target was reached/.test(said)) {
    const last = lastTransaction(log);
    return new StepError(
      'target-not-reached',
      `${where} before its target: the archive holds nothing later than ${last ?? 'the backup itself'}. Ask for an earlier time, or for "latest".`,
      'mistake',
    );
  }
  // A segment that found no room looks like one that is not in the archive.
  if (/No space left on device/.test(log) || (await freeBytes(cluster, directory, context)) < segment)
    return new StepError('disk-full', `${where}: the disk is full. Make room, then retry.`, 'person');
  return new StepError('restore-broken', `${where}: ${said.slice(0, 300)}`, 'person');
}

/** Why a server ended, in its words. Those whom it sent away while it was starting do not count. */
function fatal(log: string): string | undefined {
  return [...log.matchAll(/(?:FATAL|PANIC): +(?!the database system is)(.+)/g)].at(-1)?.[1];
}
