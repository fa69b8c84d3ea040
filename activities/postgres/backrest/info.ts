import { z } from 'zod';
import { StepError } from '../../error.ts';
import type { Backup, BackupNews, StepContext } from '../../step.ts';
import { ask } from './command.ts';
import type { Repository } from './repository.ts';

const kinds = { full: 'full', diff: 'differential', incr: 'incremental' } as const;

const saved = z.object({
  label: z.string(),
  type: z.enum(['full', 'diff', 'incr']),
  error: z.boolean().nullable().default(false),
  prior: z.string().nullable().default(null),
  reference: z.array(z.string()).nullable().default(null),
  annotation: z.record(z.string(), z.string()).default({}),
  archive: z.object({ start: z.string().nullable(), stop: z.string().nullable() }),
  database: z.object({ id: z.number() }),
  info: z.object({ size: z.number(), repository: z.object({ delta: z.number() }) }),
  timestamp: z.object({ start: z.number(), stop: z.number() }),
});
const stanza = z.object({
  name: z.string(),
  archive: z.array(z.object({ id: z.string(), max: z.string().nullable(), database: z.object({ id: z.number() }) })).default([]),
  backup: z.array(saved).default([]),
  db: z.array(z.object({ id: z.number(), 'system-id': z.string(), version: z.string() })).default([]),
  status: z.object({
    code: z.number(),
    message: z.string(),
    lock: z.object({ backup: z.object({ held: z.boolean() }) }).optional(),
  }),
});

/** A backup as the repository lists it: oldest first. Times in seconds since 1970. */
export type Saved = z.infer<typeof saved>;
/** What a repository says of its stanza. Status code 0: fine; 1, 3: there is no stanza; 2: there is no backup. */
export type Info = z.infer<typeof stanza>;

/** What there is in the repository. A stanza that is missing is no failure here: see `status`. */
export async function readInfo(repository: Repository, context: StepContext): Promise<Info> {
  const text = await ask(repository, 'info', ['--repo=1', '--output=json'], context);
  try {
    // The cluster's identifier does not fit into a number of JavaScript.
    const all = z.array(stanza).parse(JSON.parse(text.replace(/"system-id":(\d+)/g, '"system-id":"$1"')));
    const [info] = all.filter(({ name }) => name === repository.stanza);
    if (info) return info;
  } catch (error) {
    throw new StepError(
      'info-unread',
      `What pgbackrest info says on ${repository.host.name} cannot be read (${text.length} characters): ${(error as Error).message.slice(0, 200)}`,
      'person',
    );
  }
  throw new StepError('stanza-missing', `pgBackRest on ${repository.host.name} has no stanza ${repository.stanza}.`, 'person');
}

export function hasStanza({ status }: Info): boolean {
  return status.code !== 1 && status.code !== 3;
}

/** The version of the server that a backup is of, such as `15`. */
export function versionOf(info: Info, backup: Saved): string | undefined {
  return info.db.find(({ id }) => id === backup.database.id)?.version;
}

/** Everything that has to be there for this backup to be of use, itself included. */
export function chainOf(backup: Saved): readonly string[] {
  return [backup.label, ...(backup.reference ?? []), ...(backup.prior === null ? [] : [backup.prior])];
}

export const stoppedAt = ({ timestamp }: Saved): string => new Date(timestamp.stop * 1_000).toISOString();
export const kindOf = ({ type }: Saved): Backup['kind'] => kinds[type];

/** All backups of the store, for the workflow that keeps what is proven of them. A proof is only given for the one that was compared. */
export function news(info: Info, store: string, proven?: { readonly label: string; readonly compared: readonly string[] }): BackupNews {
  const at = new Date().toISOString();
  return {
    store,
    holds: 'database',
    complete: true,
    backups: info.backup.map((backup) => ({
      label: backup.label,
      store,
      holds: 'database',
      kind: kindOf(backup),
      at: stoppedAt(backup),
      bytes: backup.info.size,
      provenAt: backup.label === proven?.label ? at : null,
      compared: backup.label === proven?.label ? proven.compared : [],
    })),
  };
}
