import type { Route } from '@aws-sdk/client-ec2';
import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/**
 * Proves that nothing leads out of these subnets: their route tables know only their own VPC. Returns that VPC.
 * @throws StepError `not-isolated`, `two-networks`.
 */
export async function isIsolated(subnets: readonly string[], site: string, context: StepContext): Promise<string> {
  const ec2 = await service('ec2', site, context);
  const { Subnets = [] } = await ec2.describeSubnets({ SubnetIds: [...subnets] });
  const networks = [...new Set(Subnets.map(({ VpcId }) => VpcId!))];
  const [vpc] = networks;
  if (vpc === undefined || networks.length > 1)
    throw new StepError('two-networks', `the subnets ${subnets.join(', ')} at ${site} are not of one VPC`, 'mistake');
  const { RouteTables = [] } = await ec2.describeRouteTables({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] });
  for (const subnet of subnets) {
    const table =
      RouteTables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnet)) ??
      RouteTables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main));
    const out = table?.Routes?.find((route) => leadsOut(route));
    if (table && !out) continue;
    const where = out ? `${out.DestinationCidrBlock ?? out.DestinationIpv6CidrBlock ?? out.DestinationPrefixListId}` : 'an unknown place';
    throw new StepError(
      'not-isolated',
      `a way leads out of ${subnet} at ${site}, to ${where}: a rehearsal launches only where nothing gets out. Name a subnet whose route table knows only its own VPC`,
      'mistake',
    );
  }
  return vpc;
}

function leadsOut({ GatewayId, State }: Route): boolean {
  return GatewayId !== 'local' && State !== 'blackhole';
}
