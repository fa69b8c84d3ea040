import { StepError } from '../../error.ts';
import type { StepContext } from '../../step.ts';
import type { Member } from '../member.ts';
import { versionOf, type Info, type Saved } from './info.ts';
import { countsOf } from './marks.ts';
import type { Repository } from './repository.ts';
import { hasSegment } from './target.ts';

/** Throws, by name, unless a backup that was just made is one to count on: not empty, not shrunken, of this server, with its log. */
export async function mustBeWhole(backup: Saved, info: Info, member: Member, repository: Repository, context: StepContext): Promise<void> {
  const { label } = backup;
  const fail = (code: string, text: string): never => {
    throw new StepError(code, `Backup ${label} in ${repository.store} ${text}`, 'person');
  };
  if (backup.error === true) fail('backup-damaged', 'has pages with wrong checksums: the database itself may be damaged. Check it.');
  if (!(backup.info.size > 0 && backup.info.repository.delta > 0)) fail('backup-empty', 'holds no bytes.');
  const { before, after } = countsOf(backup);
  if (Object.keys(before).length === 0 || Object.keys(after).length === 0)
    fail('backup-empty', `is of a database without a single table, or nobody counted them: is ${context.system.name} the right one?`);
  const version = versionOf(info, backup);
  if (version !== String(Math.floor(member.versionNumber / 10_000)))
    fail('backup-wrong-version', `is of PostgreSQL ${version}, and the primary is ${member.version}.`);
  const last = info.backup.filter((one) => one.timestamp.stop < backup.timestamp.start && one.error !== true).at(-1);
  if (last && backup.info.size < last.info.size / 2)
    fail(
      'backup-shrunken',
      `restores ${backup.info.size} bytes, less than half of the ${last.info.size} of ${last.label} before it. Find out what is gone before older ones expire.`,
    );
  for (const segment of [backup.archive.start, backup.archive.stop])
    if (segment === null || !(await hasSegment(info, backup, segment, repository, context)))
      fail('archive-missing', `needs segment ${segment ?? '(unknown)'} of the write-ahead log, which is not in the archive.`);
}
