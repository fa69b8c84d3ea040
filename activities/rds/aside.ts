import type { DBInstance } from '@aws-sdk/client-rds';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tag, tagOf, tagsFor } from '../aws/tags.ts';
import { nameFor } from '../aws/token.ts';
import { StepError } from '../error.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import type { Place } from './connect.ts';
import { readDatabase, removeTags, setTags } from './database.ts';
import { isolationOf } from './isolation.ts';
import { findInstance } from './read.ts';

/** On an old primary whose name another takes: the key of the step that renames it. */
const asideTag = 'lifeboat:aside';
/** How long RDS is given to change a name, milliseconds. */
const patience = 20 * 60_000;

/** The name that an old primary gets when this step takes its own. */
export function asideName(id: string, context: StepContext): string {
  return nameFor(context, `${id}-old`, 63);
}

/** Whether it is the old primary that this step renames. */
export function isAside({ TagList }: DBInstance, context: StepContext): boolean {
  return tagOf(TagList, asideTag) === context.key;
}

/**
 * Gives an old primary that is isolated another name, under which it is kept: what it alone holds is not lost.
 * @param keep milliseconds for which it is kept at least.
 * @throws StepError `name-taken` where the name is held by anything else.
 */
export async function setAside(place: Place, holder: DBInstance, keep: number, context: StepContext): Promise<void> {
  const { site, id } = place;
  if (!isAside(holder, context)) {
    await mustBeIsolated(place, holder, context);
    // The old one is not this step's own work: whoever looks for that by its key must not find it.
    const [expires] = tagsFor(context, keep).filter(({ Key }) => Key === tag.expires);
    await setTags({ arn: holder.DBInstanceArn!, site }, [expires!, { Key: asideTag, Value: context.key }], context);
  }
  await rename(place, holder, asideName(id, context), context);
}

/** Gives an old primary its name again, where it was set aside and the name is free. One sentence each. */
export async function takeBack({ site, id }: Place, context: StepContext): Promise<string[]> {
  const aside = asideName(id, context);
  const old = await findInstance(site, aside, context);
  if (old) await rename({ site, id: aside }, old, id, context);
  const back = await findInstance(site, id, context);
  if (!back || !isAside(back, context)) return [];
  await removeTags({ arn: back.DBInstanceArn!, site }, [asideTag, tag.expires], context);
  return [`The old primary at ${site} is called ${id} again, and stays isolated.`];
}

/** Gives an instance another name, unless that goes on already, and waits until it has it. */
export async function rename({ site, id }: Place, now: DBInstance, name: string, context: StepContext): Promise<void> {
  if (now.DBInstanceStatus !== 'renaming') await order({ site, id }, name, context);
  await beating(context, renamed({ site, id }, name, context));
}

async function order({ site, id }: Place, name: string, context: StepContext): Promise<void> {
  const rds = await service('rds', site, context);
  await mayChange(site, context);
  await rds
    .modifyDBInstance({ DBInstanceIdentifier: id, NewDBInstanceIdentifier: name, ApplyImmediately: true })
    .catch((error: unknown) => {
      // The answer to an earlier attempt was lost: it has the other name already.
      if (!isAws(error, 'DBInstanceNotFound*')) throw error;
    });
}

async function renamed({ site, id }: Place, name: string, context: StepContext): Promise<void> {
  for (const deadline = Date.now() + patience; ; await context.sleep(1_000)) {
    const [before, after] = await Promise.all([findInstance(site, id, context), findInstance(site, name, context)]);
    if (!before && after?.DBInstanceStatus === 'available') return;
    if (Date.now() > deadline)
      throw new StepError('not-renamed', `${id} at ${site} has not got the name ${name} within ${patience / 60_000} minutes.`);
  }
}

async function mustBeIsolated(
  place: Place,
  { ReadReplicaSourceDBInstanceIdentifier: source }: DBInstance,
  context: StepContext,
): Promise<void> {
  const { site, id } = place;
  const refused = (why: string): StepError =>
    new StepError(
      'name-taken',
      `The name ${id} is taken at ${site}, ${why}. Name another, or remove or isolate (rds.isolate) what has it. Nothing was changed.`,
      'person',
    );
  if (source) throw refused(`by a replica of ${source} that this step did not make`);
  await isolationOf(await readDatabase(place, context), context).catch((error: unknown) => {
    if (!(error instanceof StepError) || error.code !== 'not-isolated') throw error;
    throw refused(`and not by an old primary that is isolated: ${error.message}`);
  });
}
