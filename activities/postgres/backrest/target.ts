import { StepError } from '../../error.ts';
import type { StepContext } from '../../step.ts';
import { ask } from './command.ts';
import { stoppedAt, versionOf, type Info, type Saved } from './info.ts';
import type { Repository } from './repository.ts';

/** What a restore shall bring back. */
export type Target =
  { readonly kind: 'latest' } | { readonly kind: 'time'; readonly at: string } | { readonly kind: 'backup'; readonly label: string };

const label = /^\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?$/;

/** `latest`, a label, or an ISO time with its zone. */
export function targetOf(to: string): Target {
  if (to === 'latest') return { kind: 'latest' };
  if (label.test(to)) return { kind: 'backup', label: to };
  if (/(Z|[+-]\d\d:?\d\d)$/.test(to) && !Number.isNaN(Date.parse(to))) return { kind: 'time', at: new Date(to).toISOString() };
  throw new StepError(
    'bad-target',
    `"${to}" is nothing to restore to: say "latest", the label of a backup, or a time with its zone such as 2026-01-31T12:00:00Z.`,
    'mistake',
  );
}

/** An ISO time as PostgreSQL and pgBackRest read it. */
export function pgTime(at: string): string {
  return at.replace('T', ' ').replace('Z', '+00');
}

/** The backup from which a target is reached. Throws where none is, and where the archive ends before it. */
export async function backupFor(target: Target, info: Info, repository: Repository, context: StepContext): Promise<Saved> {
  const whole = info.backup.filter(({ error }) => error !== true);
  if (target.kind === 'backup') {
    const found = whole.find((one) => one.label === target.label);
    if (found) return found;
    throw missing(`no backup ${target.label} without errors`, info, repository);
  }
  const before = target.kind === 'latest' ? whole : whole.filter((one) => stoppedAt(one) < target.at);
  const found = before.at(-1);
  if (!found) throw missing(target.kind === 'latest' ? 'no backup' : `no backup from before ${target.at}`, info, repository);
  if (target.kind === 'time') {
    const end = await archiveEnd(info, repository, context);
    if (end === undefined || target.at > end)
      throw new StepError(
        'target-later-than-archive',
        `The archive of ${repository.store} was last written to ${end === undefined ? 'never' : `at ${end}`}: it cannot hold ${target.at}. Ask for an earlier time, or archive what there is first.`,
        'mistake',
      );
  }
  return found;
}

/** When the newest segment came into the archive, ISO: nothing later can be in it. Undefined: it is empty. */
export async function archiveEnd(info: Info, repository: Repository, context: StepContext): Promise<string | undefined> {
  const newest = info.archive.at(-1);
  if (!newest?.max) return undefined;
  const files = await segments(repository, newest.id, newest.max, context);
  const time = Math.max(...Object.values(files).map((file) => file.time ?? 0));
  // Files are dated in whole seconds.
  return time > 0 ? new Date((time + 1) * 1_000).toISOString() : undefined;
}

/** Whether a segment of the write-ahead log is in the archive. */
export async function hasSegment(info: Info, backup: Saved, segment: string, repository: Repository, context: StepContext) {
  const archive = info.archive.find(({ database }) => database.id === backup.database.id);
  return archive !== undefined && Object.keys(await segments(repository, archive.id, segment, context)).length > 0;
}

/** Throws where the host's PostgreSQL is of another major version than the backup. */
export function sameVersion(program: string, info: Info, backup: Saved, host: string): void {
  const there = /(\d+)(?:\.\d+)?/.exec(program)?.[1];
  const wanted = versionOf(info, backup);
  if (there !== undefined && there === wanted) return;
  throw new StepError(
    'backup-wrong-version',
    `Backup ${backup.label} is of PostgreSQL ${wanted ?? 'of an unknown version'}, and ${host} has ${there ?? 'none'}: install the same, or correct \`postgres.bin\`.`,
    'person',
  );
}

async function segments(repository: Repository, id: string, segment: string, context: StepContext) {
  const folder = `archive/${repository.stanza}/${id}/${segment.slice(0, 16)}`;
  const text = await ask(repository, 'repo-ls', ['--output=json', `--filter=^${segment}-`, folder], context);
  return JSON.parse(text) as { readonly [name: string]: { readonly time?: number } };
}

function missing(what: string, info: Info, repository: Repository): StepError {
  const oldest = info.backup[0];
  const there = oldest
    ? `It has ${info.backup.length}, from ${stoppedAt(oldest)} to ${stoppedAt(info.backup.at(-1)!)}.`
    : `It is empty: ${info.status.message}.`;
  return new StepError('no-backup', `${repository.store} has ${what}. ${there}`, 'mistake');
}
