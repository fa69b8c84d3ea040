import { StepError } from '../../error.ts';
import type { StepContext } from '../../step.ts';
import { work } from './command.ts';
import { explain } from './explain.ts';
import { chainOf, type Saved } from './info.ts';
import type { Repository } from './repository.ts';

/**
 * pgBackRest's own verification: every file of the backup, of what it stands on, and of the archive against its checksum.
 * Its exit code is 0 on a damaged repository, so its text is read. Throws where anything is wrong or was not looked at.
 */
export async function toolVerifies(repository: Repository, backup: Saved, context: StepContext): Promise<string> {
  const options = ['--repo=1', '--output=text', '--verbose'];
  const answer = await work(repository, 'verify', { name: 'verify', options, within: 6 * 3_600_000 }, context);
  const blocks = blocksOf(answer.stdout);
  if (blocks.length === 0) throw explain(answer, 'verify', repository.host.name);
  const wanted = [...new Set(chainOf(backup))];
  for (const label of wanted) {
    const block = blocks.find(({ name }) => name === label);
    if (!block) throw corrupt(`pgbackrest verify did not look at ${label}`);
    if (block.status !== 'valid' || block.errors !== '') throw corrupt(`${label} is ${block.status ?? 'of no status'}${block.errors}`);
  }
  const archives = blocks.filter(({ name }) => /^\d+(\.\d+)?-\d+$/.test(name));
  if (archives.length === 0) throw corrupt('pgbackrest verify saw no write-ahead log');
  for (const { name, errors } of archives) if (errors !== '') throw corrupt(`the archive ${name} has${errors}`);
  const files = blocks.filter(({ name }) => wanted.includes(name)).reduce((sum, { total }) => sum + total, 0);
  const log = archives.reduce((sum, { total }) => sum + total, 0);
  return `pgbackrest verify read ${files} files of ${wanted.join(', ')} and ${log} segments of the write-ahead log, all valid.`;

  function corrupt(what: string): StepError {
    return new StepError(
      'backup-corrupt',
      `The store ${repository.store} is damaged: ${what}. Backup ${backup.label} stays unproven; make a new full one, and look at the disk.`,
      'person',
    );
  }
}

interface Block {
  /** A backup's label, or the name of an archive. */
  readonly name: string;
  readonly status: string | undefined;
  readonly total: number;
  /** ` 1 missing, 2 checksum invalid`; empty where all is well. */
  readonly errors: string;
}

function blocksOf(text: string): readonly Block[] {
  return text
    .split(/^\s*(?=archiveId:|backup:)/m)
    .filter((part) => /^(archiveId|backup):/.test(part))
    .map((part) => ({
      name: /^\w+: ([^,\s]+)/.exec(part)?.[1] ?? '',
      status: /status: ([\w -]+)/.exec(part)?.[1],
      total: Number(/total (?:WAL|files) checked: (\d+)/.exec(part)?.[1] ?? 0),
      errors: [...part.matchAll(/(missing|checksum invalid|size invalid|other): ([1-9]\d*)/g)]
        .map(([, what, n]) => ` ${n} ${what}`)
        .join(','),
    }));
}
