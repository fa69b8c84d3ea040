import type { EC2 } from '@aws-sdk/client-ec2';
import type { Clients } from '../clients.ts';
import type { Region } from '../home.ts';
import { named } from './named.ts';

/** Ids. */
export interface Network {
  readonly vpc: string;
  /** Private, one in each of two zones. */
  readonly subnets: readonly string[];
  readonly 'app-group': string;
  readonly 'db-group': string;
  /** Lets in who looks after what is in there, and nothing out. */
  readonly 'admin-group': string;
  /** Lets nothing in or out. */
  readonly 'closed-group': string;
  /** No gateway and no peering leads out of it. */
  readonly 'isolated-vpc': string;
  readonly 'isolated-subnets': readonly string[];
  /** The same in there. */
  readonly 'isolated-group': string;
  readonly 'isolated-closed-group': string;
}

const inside = [{ CidrIp: '10.0.0.0/8' }];

export async function makeNetwork({ ec2 }: Clients, region: Region): Promise<Network> {
  const cidr = region === 'us-east-1' ? '10.81' : '10.82';
  const [vpc, isolated] = await Promise.all([makeVpc(ec2, 'shop', `${cidr}.0.0/16`), makeVpc(ec2, 'shop-isolated', `${cidr}.0.0/16`)]);
  const [subnets, isolatedSubnets, app, db, admin, closed, isolatedAdmin, isolatedClosed] = await Promise.all([
    makeSubnets(ec2, vpc, 'shop', region, cidr),
    makeSubnets(ec2, isolated, 'shop-isolated', region, cidr),
    makeGroup(ec2, vpc, 'shop-app', [443, 22]),
    makeGroup(ec2, vpc, 'shop-db', [5432]),
    makeGroup(ec2, vpc, 'shop-admin', [5432, 22]),
    makeGroup(ec2, vpc, 'shop-closed', []),
    makeGroup(ec2, isolated, 'shop-isolated', [5432, 22]),
    makeGroup(ec2, isolated, 'shop-isolated-closed', []),
    makeWayOut(ec2, vpc),
  ]);
  await Promise.all([admin, closed, isolatedAdmin, isolatedClosed].map((group) => closeOut(ec2, group)));
  return {
    vpc,
    subnets,
    'app-group': app,
    'db-group': db,
    'admin-group': admin,
    'closed-group': closed,
    'isolated-vpc': isolated,
    'isolated-subnets': isolatedSubnets,
    'isolated-group': isolatedAdmin,
    'isolated-closed-group': isolatedClosed,
  };
}

async function makeVpc(ec2: EC2, name: string, cidr: string): Promise<string> {
  const { Vpc } = await ec2.createVpc({ CidrBlock: cidr, TagSpecifications: named('vpc', name) });
  return Vpc!.VpcId!;
}

async function makeSubnets(ec2: EC2, vpc: string, name: string, region: string, cidr: string): Promise<string[]> {
  return Promise.all(
    ['a', 'b'].map(async (zone, index) => {
      const { Subnet } = await ec2.createSubnet({
        VpcId: vpc,
        AvailabilityZone: `${region}${zone}`,
        CidrBlock: `${cidr}.${index + 1}.0/24`,
        TagSpecifications: named('subnet', `${name}-${zone}`),
      });
      return Subnet!.SubnetId!;
    }),
  );
}

/** A route out, which the isolated network does not have. */
async function makeWayOut(ec2: EC2, vpc: string): Promise<void> {
  const [{ InternetGateway: gateway }, { RouteTables: tables = [] }] = await Promise.all([
    ec2.createInternetGateway({ TagSpecifications: named('internet-gateway', 'shop') }),
    ec2.describeRouteTables({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
  ]);
  const id = gateway!.InternetGatewayId!;
  await ec2.attachInternetGateway({ InternetGatewayId: id, VpcId: vpc });
  await ec2.createRoute({ RouteTableId: tables[0]!.RouteTableId!, DestinationCidrBlock: '0.0.0.0/0', GatewayId: id });
}

async function makeGroup(ec2: EC2, vpc: string, name: string, ports: readonly number[]): Promise<string> {
  const { GroupId } = await ec2.createSecurityGroup({
    VpcId: vpc,
    GroupName: name,
    Description: `Practice lab: ${name}`,
    TagSpecifications: named('security-group', name),
  });
  const allowed = ports.map((port) => ({ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: inside }));
  if (allowed.length > 0) await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: allowed });
  return GroupId!;
}

/** A new group lets everything out. */
async function closeOut(ec2: EC2, group: string): Promise<void> {
  await ec2.revokeSecurityGroupEgress({ GroupId: group, IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] });
}
