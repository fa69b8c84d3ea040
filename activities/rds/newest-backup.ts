import type { DBSnapshot } from '@aws-sdk/client-rds';
import { service } from '../aws/client.ts';
import { tag, tagOf } from '../aws/tags.ts';
import { pages } from '../ec2/find.ts';
import { StepError } from '../error.ts';
import { inService } from '../in-service.ts';
import type { StepContext } from '../step.ts';
import { takenAt } from './saved.ts';

/**
 * The newest whole snapshot of the system's database at a site, of whichever member it is: what backups of this system left there, and
 * what RDS or people took of the member.
 * @throws StepError `rds-no-backup`
 */
export async function newestBackup(site: string, context: StepContext): Promise<DBSnapshot> {
  const rds = await service('rds', site, context);
  const { system } = inService(context);
  const members = new Set(Object.values(system.rds?.members ?? {}).map((id) => id.toLowerCase()));
  const all = await pages<DBSnapshot>(async (token) => {
    const page = await rds.describeDBSnapshots({ MaxRecords: 100, ...(token === undefined ? {} : { Marker: token }) });
    return { items: page.DBSnapshots, next: page.Marker };
  });
  const backups = all.filter(
    ({ Status, DBInstanceIdentifier = '', TagList }) =>
      Status === 'available' &&
      tagOf(TagList, tag.purpose) !== 'rehearsal' &&
      (tagOf(TagList, tag.system) === system.name || members.has(DBInstanceIdentifier.toLowerCase())),
  );
  const newest = backups.toSorted((one, other) => takenAt(one).localeCompare(takenAt(other))).at(-1);
  if (newest) return newest;
  throw new StepError(
    'rds-no-backup',
    `No backup of ${system.name} lies at ${site} (${context.aws(site).region}): what is lost with the other site could not be restored there. Run its backup, with a copy to ${site}.`,
    'person',
  );
}
