import { tagOf } from '../aws/tags.ts';
import { groupsTag, isClosed } from '../ec2/closed-group.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import type { Database } from './database.ts';

/** Tags that an isolated database bears, beside its old groups. */
export const isolation = {
  groups: groupsTag,
  /** ISO time since when no session of before is left; `pending` until then. */
  since: 'lifeboat:isolated',
  /** The key of the step that isolated it, which alone may undo that. */
  by: 'lifeboat:isolated-by',
} as const;

export interface Isolation {
  /** When it was seen that no session of before is left, ISO time. */
  readonly since: string;
  /** The group that lets nothing in or out. */
  readonly group: string;
}

/**
 * How a database is isolated, read back.
 * @throws StepError `not-isolated` where it is not, or not wholly.
 */
export async function isolationOf(database: Database, context: StepContext): Promise<Isolation> {
  const { site, id, groups, tags } = database;
  const ids = groups.map((group) => group.id);
  if (!groups.every(({ active }) => active) || !(await isClosed(ids, site, context)))
    throw new StepError(
      'not-isolated',
      `${id} at ${site} is not isolated: its security groups are ${listed(database)}, and let something in or out.`,
    );
  const since = tagOf(tags, isolation.since);
  if (since === undefined || Number.isNaN(Date.parse(since)))
    throw new StepError('not-isolated', `${id} at ${site} lets nobody in, but nothing says that the sessions of before were ended.`);
  return { since, group: ids.join(' ') };
}

/** Its security groups, for messages. */
export function listed({ groups }: Database): string {
  return groups.map(({ id, active }) => (active ? id : `${id} (not yet in force)`)).join(', ') || 'none';
}
