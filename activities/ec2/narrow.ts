import type { IpPermission } from '@aws-sdk/client-ec2';
import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

const everybody = ['0.0.0.0/0', '::/0'];

/**
 * Refuses a security group that lets anything out, or everybody in: what is cut off may be looked at through it, and serve nobody.
 * @throws StepError `too-wide`.
 */
export async function mustBeNarrow(group: string, site: string, context: StepContext): Promise<void> {
  const ec2 = await service('ec2', site, context);
  const { SecurityGroups: [found] = [] } = await ec2.describeSecurityGroups({ GroupIds: [group] });
  const { IpPermissions = [], IpPermissionsEgress = [] } = found ?? {};
  if (found !== undefined && IpPermissionsEgress.length === 0 && !IpPermissions.some(isWide)) return;
  throw new StepError(
    'too-wide',
    `the security group ${group} at ${site} lets ${IpPermissionsEgress.length > 0 ? 'something out' : 'everybody in'}: name one that lets in those who look after the host, by their addresses, and nothing out`,
    'mistake',
  );
}

function isWide({ IpRanges = [], Ipv6Ranges = [] }: IpPermission): boolean {
  return [...IpRanges.map(({ CidrIp }) => CidrIp), ...Ipv6Ranges.map(({ CidrIpv6 }) => CidrIpv6)].some((range) =>
    everybody.includes(range ?? ''),
  );
}
