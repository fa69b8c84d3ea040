import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/**
 * A sentence that these subnets have no route but those inside their VPC.
 * @throws StepError `not-isolated` where one leads out.
 */
export async function noWayOut(subnets: readonly string[], site: string, context: StepContext): Promise<string> {
  const ec2 = await service('ec2', site, context);
  const { Subnets = [] } = await ec2.describeSubnets({ SubnetIds: [...subnets] });
  const vpcs = [...new Set(Subnets.map(({ VpcId }) => VpcId!))];
  const { RouteTables = [] } = await ec2.describeRouteTables({ Filters: [{ Name: 'vpc-id', Values: vpcs }] });
  for (const { SubnetId, VpcId } of Subnets) {
    const own = RouteTables.find(({ Associations = [] }) => Associations.some((one) => one.SubnetId === SubnetId));
    // A subnet without a table of its own has the main one of its VPC.
    const table = own ?? RouteTables.find((one) => one.VpcId === VpcId && one.Associations?.some(({ Main }) => Main));
    const out = table?.Routes?.find(({ GatewayId }) => GatewayId !== 'local');
    if (table && !out) continue;
    const leads = out
      ? `has a route to ${out.DestinationCidrBlock ?? out.DestinationPrefixListId ?? 'elsewhere'}`
      : 'has no route table that is seen';
    throw new StepError('not-isolated', `${SubnetId} at ${site} ${leads}: a rehearsal is put only where nothing leads out.`, 'mistake');
  }
  return `Nothing leads out of ${subnets.join(', ')}.`;
}
