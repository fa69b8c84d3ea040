import { service } from '../aws/client.ts';
import { AwsError } from '../aws/error.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { pages } from './find.ts';

/** Families that share the quota of standard on-demand instances, counted in vCPUs. docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html */
const standard = /^[acdhimrtz]\d/u;
const quotaCode = 'L-1216C47A';

/**
 * Whether so many more instances of one of these types fit into the account's quota of vCPUs; one sentence.
 * @throws StepError `aws-quota` where none of them does.
 */
export async function roomFor(types: readonly string[], count: number, site: string, context: StepContext): Promise<string> {
  const counted = types.filter((type) => standard.test(type));
  if (counted.length < types.length || count <= 0) return `The quota of vCPUs at ${site} does not keep it from being launched.`;
  try {
    const quotas = await service('quotas', site, context);
    const [{ Quota }, used] = await Promise.all([
      quotas.getServiceQuota({ ServiceCode: 'ec2', QuotaCode: quotaCode }),
      inUse(site, context),
    ]);
    const limit = Quota?.Value ?? 0;
    const sizes = await processors(counted, site, context);
    const fits = counted.find((type) => used + count * (sizes.get(type) ?? 0) <= limit);
    const says = `${used} of ${limit} vCPUs of standard instances are in use at ${site}`;
    if (fits !== undefined) return `${says}; ${count} of ${fits} (${count * (sizes.get(fits) ?? 0)}) fit.`;
    throw new StepError(
      'aws-quota',
      `${says}, and ${count} of ${counted.join(' or ')} do not fit: have the quota ${quotaCode} raised, or make room`,
      'person',
    );
  } catch (error) {
    // Who may not read quotas may still launch.
    if (error instanceof AwsError && error.code !== 'aws-unreachable')
      return `The quota of vCPUs at ${site} cannot be read: ${error.message}`;
    throw error;
  }
}

/** vCPUs of the standard instances that run. */
async function inUse(site: string, context: StepContext): Promise<number> {
  const ec2 = await service('ec2', site, context);
  const running = await pages(async (NextToken) => {
    const Filters = [{ Name: 'instance-state-name', Values: ['pending', 'running'] }];
    const page = await ec2.describeInstances({ Filters, MaxResults: 1_000, NextToken });
    return { items: page.Reservations?.flatMap(({ Instances = [] }) => Instances), next: page.NextToken };
  });
  const counted = running.flatMap(({ InstanceType: type }) => (type !== undefined && standard.test(type) ? [type] : []));
  const sizes = await processors([...new Set(counted)], site, context);
  return counted.reduce((sum, type) => sum + (sizes.get(type) ?? 0), 0);
}

/** vCPUs of each type. */
async function processors(types: readonly string[], site: string, context: StepContext): Promise<ReadonlyMap<string, number>> {
  if (types.length === 0) return new Map();
  const ec2 = await service('ec2', site, context);
  const found = await pages(async (NextToken) => {
    const page = await ec2.describeInstanceTypes({ Filters: [{ Name: 'instance-type', Values: [...types] }], NextToken });
    return { items: page.InstanceTypes, next: page.NextToken };
  });
  return new Map(found.map(({ InstanceType, VCpuInfo }) => [InstanceType!, VCpuInfo?.DefaultVCpus ?? 0]));
}
