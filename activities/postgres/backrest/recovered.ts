import { StepError } from '../../error.ts';
import type { StepContext } from '../../step.ts';
import type { Cluster } from './cluster.ts';
import { freeBytes, must, readText } from './files.ts';
import { asking, isRunning } from './server.ts';

/** Usual size of a segment of the write-ahead log, bytes. */
const segment = 16 * 1024 * 1024;

/** How a recovery ended. */
export interface Recovered {
  /** Commit time of the last transaction that was replayed, ISO; null: none was, or the server does not say. */
  readonly at: string | null;
  /** Why it stopped there, in the server's words. */
  readonly stopped: string;
}

/**
 * Waits until the server stands where it was told to: promoted, or paused there. A server that ends instead is a failure by name:
 * a start that succeeded says nothing, for a recovery that misses its target ends the server after it.
 */
export async function recovered(cluster: Cluster, wanted: 'promoted' | 'paused', context: StepContext): Promise<Recovered> {
  const query = asking(cluster, context);
  const began = Date.now();
  for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
    const state = await query<{ recovering: boolean; paused: boolean | null; at: string | null }>(
      `select pg_is_in_recovery() as recovering, case when pg_is_in_recovery() then pg_is_wal_replay_paused() end as paused, pg_last_xact_replay_timestamp() as at`,
    ).catch((error: unknown) => {
      if (error instanceof StepError && error.remedy === 'again') return [];
      throw error;
    });
    const [now] = state;
    if (now && (wanted === 'promoted' ? !now.recovering : now.paused === true || !now.recovering)) {
      const at = now.at === null ? null : new Date(now.at).toISOString();
      return { at, stopped: stopOf(await logOf(cluster, context)) };
    }
    if (!now && !(await isRunning(cluster, context))) {
      const log = await logOf(cluster, context);
      // One that has just been started runs only in a moment.
      if (fatal(log) !== undefined || Date.now() - began > 10_000) throw await ended(cluster, log, context);
    }
    await context.sleep(pause);
  }
}

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
