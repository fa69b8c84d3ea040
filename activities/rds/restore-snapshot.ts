import type { DBSnapshot } from '@aws-sdk/client-rds';
import { service } from '../aws/client.ts';
import { keptTags } from '../ec2/kept.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { countTags } from './counted.ts';
import type { Placement } from './placed.ts';
import { pointTag, restore } from './restored.ts';
import { fromTag, readSnapshot, takenAt } from './saved.ts';

/** A snapshot at a site, by its name or ARN, and the instance that it is restored into. */
interface Wanted extends Placement {
  readonly site: string;
  readonly snapshot: string;
  readonly id: string;
}

/** Restores a snapshot into a new instance under exactly that identifier, once for each step of a run. */
export async function restoreSnapshot(wanted: Wanted, context: StepContext): Promise<void> {
  const { site, snapshot, id } = wanted;
  const found = await readSnapshot(site, snapshot, context);
  const rds = await service('rds', site, context);
  const more = { [fromTag]: found.DBSnapshotArn!, [pointTag]: takenAt(found) };
  const Tags = [...keptTags(context, wanted.days, more), ...countTags(found.TagList)];
  await restore(
    {
      site,
      id,
      place: wanted,
      from: found.DBSnapshotArn!,
      async order(common) {
        mayUse(found, site);
        await rds.restoreDBInstanceFromDBSnapshot({
          ...common,
          DBInstanceIdentifier: id,
          DBSnapshotIdentifier: found.DBSnapshotIdentifier,
          Tags,
        });
      },
    },
    context,
  );
}

/** Throws where a snapshot cannot be used, or not yet. */
export function mayUse({ DBSnapshotIdentifier: name, Status = '' }: DBSnapshot, site: string): void {
  if (Status === 'available') return;
  const ever = !/^(?:failed|incompatible|deleting|deleted)/u.test(Status);
  throw new StepError('snapshot-unfinished', `The snapshot ${name} at ${site} is ${Status}.`, ever ? 'later' : 'person', 15_000);
}
