import { StepError } from '../../error.ts';
import type { StepContext } from '../../step.ts';
import type { Query } from '../connect.ts';
import type { Member } from '../member.ts';
import { ask } from './command.ts';
import { hasStanza, readInfo } from './info.ts';
import type { Repository } from './repository.ts';

/** Throws where the server does not archive. */
export async function archives(query: Query, name: string): Promise<void> {
  const [row] = await query<{ mode: string }>(`select current_setting('archive_mode') as mode`);
  if (row?.mode === 'off')
    throw new StepError('archive-off', `PostgreSQL on ${name} does not archive: set archive_mode and archive_command there.`, 'person');
}

/** Makes the stanza where the repository has none, and follows an upgrade of the server. Throws where it belongs to another cluster. */
export async function ensureStanza(repository: Repository, member: Member, context: StepContext): Promise<void> {
  const info = await readInfo(repository, context);
  if (!hasStanza(info)) {
    await ask(repository, 'stanza-create', [], context);
    return;
  }
  const known = info.db.at(-1);
  if (!known || known['system-id'] === member.identifier) return;
  const version = String(Math.floor(member.versionNumber / 10_000));
  if (Number(version) <= Number(known.version))
    throw new StepError(
      'another-cluster',
      `The stanza ${repository.stanza} in ${repository.store} is of cluster ${known['system-id']}, and the primary is ${member.identifier}: it was made anew, or it is the wrong server. If it is meant, run \`pgbackrest stanza-upgrade\` there.`,
      'person',
    );
  await ask(repository, 'stanza-upgrade', [], context);
}
