import { CloudWatch } from '@aws-sdk/client-cloudwatch';
import { EC2 } from '@aws-sdk/client-ec2';
import { RDS } from '@aws-sdk/client-rds';

export const account = '222222222222';
export const [east, west] = ['us-east-1', 'us-west-2'] as const;

/** One system: a database and its application servers. */
export interface Estate {
  readonly name: string;
  readonly instances: readonly string[];
}
export interface Region {
  readonly image: string;
  readonly subnet: string;
  readonly group: string;
}
export interface Filled {
  readonly systems: readonly Estate[];
  readonly regions: { readonly [region: string]: Region };
}

interface Clients {
  readonly ec2: EC2;
  readonly rds: RDS;
  readonly cloudWatch: CloudWatch;
}

const zone = (region: string): string => `${region}a`;
const replica = (name: string): string => `${name}-west`;

/** Makes the systems in the emulated AWS: instances and a database in the east, the database's replica in the west. */
export async function fill(endpoint: string, systems: number, instances: number): Promise<Filled> {
  const [here, there] = [await clients(endpoint, east), await clients(endpoint, west)];
  const regions = { [east]: await region(here, east), [west]: await region(there, west) };
  const names = Array.from({ length: systems }, (_, n) => `s${String(n + 1).padStart(3, '0')}`);
  const made: Estate[] = [];
  for (let from = 0; from < names.length; from += 10)
    made.push(...(await Promise.all(names.slice(from, from + 10).map((name) => system(name, instances, here, there, regions[east]!)))));
  return { systems: made, regions };
}

/** What CloudWatch says of each replica: it is hardly behind. */
export async function tellLag(endpoint: string, systems: readonly Estate[]): Promise<void> {
  const { cloudWatch } = await clients(endpoint, west);
  for (let from = 0; from < systems.length; from += 20)
    await cloudWatch.putMetricData({
      Namespace: 'AWS/RDS',
      MetricData: systems.slice(from, from + 20).map(({ name }) => ({
        MetricName: 'ReplicaLag',
        Dimensions: [{ Name: 'DBInstanceIdentifier', Value: replica(name) }],
        Timestamp: new Date(),
        Value: 0.2,
        Unit: 'Seconds',
      })),
    });
}

async function clients(endpoint: string, region: string): Promise<Clients> {
  const { STS } = await import('@aws-sdk/client-sts');
  const plain = { endpoint, region, credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } };
  const { Credentials: taken } = await new STS(plain).assumeRole({
    RoleArn: `arn:aws:iam::${account}:role/lifeboat`,
    RoleSessionName: 'fill',
  });
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken: sessionToken = '' } = taken ?? {};
  const config = { ...plain, credentials: { accessKeyId, secretAccessKey, sessionToken } };
  return { ec2: new EC2(config), rds: new RDS(config), cloudWatch: new CloudWatch(config) };
}

async function region({ ec2, rds }: Clients, name: string): Promise<Region> {
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.0.0.0/16' });
  const vpc = Vpc!.VpcId!;
  const subnets = await Promise.all(
    ['a', 'b'].map(async (letter, n) => {
      const { Subnet } = await ec2.createSubnet({ VpcId: vpc, CidrBlock: `10.0.${n * 128}.0/17`, AvailabilityZone: `${name}${letter}` });
      return Subnet!.SubnetId!;
    }),
  );
  const { GroupId } = await ec2.createSecurityGroup({ VpcId: vpc, GroupName: 'app', Description: 'applications' });
  await rds.createDBSubnetGroup({ DBSubnetGroupName: 'estate', DBSubnetGroupDescription: 'estate', SubnetIds: subnets });
  const { ImageId } = await ec2.registerImage({
    Name: 'app',
    RootDeviceName: '/dev/xvda',
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
  });
  return { image: ImageId!, subnet: subnets[0]!, group: GroupId! };
}

async function system(name: string, count: number, here: Clients, there: Clients, { image, subnet, group }: Region): Promise<Estate> {
  const disk = (device: string) => ({ DeviceName: device, Ebs: { VolumeSize: 8, VolumeType: 'gp3' as const } });
  const { Instances = [] } = await here.ec2.runInstances({
    ImageId: image,
    InstanceType: 't3.small',
    MinCount: count,
    MaxCount: count,
    SubnetId: subnet,
    SecurityGroupIds: [group],
    BlockDeviceMappings: [disk('/dev/xvda')],
  });
  const { DBInstance } = await here.rds.createDBInstance({
    DBInstanceIdentifier: name,
    DBInstanceClass: 'db.t3.small',
    Engine: 'postgres',
    AllocatedStorage: 20,
    MasterUsername: 'owner',
    MasterUserPassword: 'not-a-secret',
    AvailabilityZone: zone(east),
    DBSubnetGroupName: 'estate',
    BackupRetentionPeriod: 7,
  });
  await there.rds.createDBInstanceReadReplica({
    DBInstanceIdentifier: replica(name),
    SourceDBInstanceIdentifier: DBInstance!.DBInstanceArn!,
    DBSubnetGroupName: 'estate',
  });
  return { name, instances: Instances.map(({ InstanceId }) => InstanceId!) };
}
