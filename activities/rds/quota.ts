import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/** Source: docs.aws.amazon.com/general/latest/gr/rds-service.html#limits_relational_database_service */
const codes = { instances: 'L-7B6409FD', snapshots: 'L-272F1212' } as const;

/**
 * A sentence on how many the account may have in the region, and has.
 * @throws StepError `aws-quota` where there is no room for one more.
 */
export async function mayHold(what: keyof typeof codes, site: string, context: StepContext): Promise<string> {
  const quotas = await service('quotas', site, context);
  const [{ Quota }, has] = await Promise.all([
    quotas.getServiceQuota({ ServiceCode: 'rds', QuotaCode: codes[what] }),
    count(what, site, context),
  ]);
  const limit = Quota?.Value ?? Number.POSITIVE_INFINITY;
  const told = `${has} of ${limit} ${what} of RDS that ${context.aws(site).region} may hold are there`;
  if (has < limit) return `${told}.`;
  throw new StepError('aws-quota', `${told}: raise the quota ${codes[what]}, or make room.`, 'person');
}

async function count(what: keyof typeof codes, site: string, context: StepContext): Promise<number> {
  const rds = await service('rds', site, context);
  let [total, marker] = [0, undefined as string | undefined];
  do {
    const page = { MaxRecords: 100, ...(marker === undefined ? {} : { Marker: marker }) };
    if (what === 'instances') {
      const { DBInstances = [], Marker } = await rds.describeDBInstances(page);
      [total, marker] = [total + DBInstances.length, Marker];
    } else {
      const { DBSnapshots = [], Marker } = await rds.describeDBSnapshots({ ...page, SnapshotType: 'manual' });
      [total, marker] = [total + DBSnapshots.length, Marker];
    }
  } while (marker !== undefined);
  return total;
}
