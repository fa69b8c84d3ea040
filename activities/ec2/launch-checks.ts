import { BlockList } from 'node:net';
import type { Subnet } from '@aws-sdk/client-ec2';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { allowed } from './dry-run.ts';
import { pages } from './find.ts';
import { registration } from './launch-image.ts';
import type { LaunchInput } from './launch-input.ts';
import { request, templateOf, triesOf } from './launch-instances.ts';
import { roomFor } from './quota.ts';

/** Everything that can be known of a launch before it. Only reads. */
export async function checkLaunch(input: LaunchInput, context: StepContext): Promise<readonly string[]> {
  checkShape(input);
  const { site, count } = input;
  const template = await templateOf(input, context);
  const types = input.types ?? (template?.InstanceType === undefined ? [] : [template.InstanceType]);
  if (types.length === 0) throw mistake('no-type', `neither the step nor its template names an instance type: give \`types\``);
  const image = input.image ?? template?.ImageId;
  const subnets = await subnetsOf(input, context);
  const [disks, offers, room] = await Promise.all([
    checkDisks(input, image, context),
    checkOffers(types, subnets, site, context),
    roomFor(types, count, site, context),
    checkGroups(input, subnets, context),
  ]);
  await mayLaunch(input, image, context);
  return [disks, ...offers, room];
}

function checkShape({ site, image, template, snapshots = [], root, types, count, address }: LaunchInput): void {
  if (image === undefined && template === undefined) {
    if (snapshots.length === 0)
      throw mistake('no-image', `nothing says what is launched at ${site}: give \`image\`, \`template\`, or \`snapshots\` with \`root\``);
    if (!snapshots.some(({ device }) => device === root))
      throw mistake(
        'no-root',
        `\`root\` must be one of the devices of \`snapshots\` (${snapshots.map(({ device }) => device).join(', ')})`,
      );
    if (types === undefined) throw mistake('no-type', 'give `types`: snapshots say no instance type');
  }
  if (address !== undefined && count > 1) throw mistake('one-address', `${count} instances cannot all have the address ${address}`);
}

async function subnetsOf({ site, subnets: ids, address, count }: LaunchInput, context: StepContext): Promise<readonly Subnet[]> {
  const ec2 = await service('ec2', site, context);
  const { Subnets: found = [] } = await ec2.describeSubnets({ SubnetIds: [...ids] });
  if (address !== undefined && !found.every(({ CidrBlock }) => holds(CidrBlock ?? '', address)))
    throw mistake(
      'address-outside',
      `the address ${address} is not in ${found.map(({ SubnetId, CidrBlock }) => `${SubnetId} (${CidrBlock})`).join(' and ')}`,
    );
  if (!found.some(({ AvailableIpAddressCount = 0 }) => AvailableIpAddressCount >= count))
    throw new StepError('no-addresses', `none of the subnets ${ids.join(', ')} at ${site} has ${count} free address(es)`, 'person');
  return found;
}

async function checkGroups({ site, groups }: LaunchInput, subnets: readonly Subnet[], context: StepContext): Promise<void> {
  const ec2 = await service('ec2', site, context);
  const { SecurityGroups = [] } = await ec2.describeSecurityGroups({ GroupIds: [...groups] });
  const networks = new Set([...subnets.map(({ VpcId }) => VpcId), ...SecurityGroups.map(({ VpcId }) => VpcId)]);
  if (networks.size > 1)
    throw mistake(
      'two-networks',
      `the subnets and security groups belong to several VPCs (${[...networks].join(', ')}): name those of one`,
    );
}

/** The image or the snapshots are there, and whole. */
async function checkDisks(input: LaunchInput, image: string | undefined, context: StepContext): Promise<string> {
  const { site, snapshots = [] } = input;
  const ec2 = await service('ec2', site, context);
  if (snapshots.length > 0) {
    const { Snapshots = [] } = await ec2.describeSnapshots({ SnapshotIds: snapshots.map(({ snapshot }) => snapshot) });
    const broken = Snapshots.find(({ State }) => State === 'error');
    if (broken)
      throw new StepError('snapshot-broken', `the snapshot ${broken.SnapshotId} at ${site} ended in an error: name another`, 'person');
  }
  if (image === undefined) return `An image is made of ${snapshots.length} snapshot(s) at ${site}.`;
  const { Images: [found] = [] } = await ec2.describeImages({ ImageIds: [image] });
  if (found?.State === 'available' || found?.State === 'pending') return `The image ${image} at ${site} is ${found.State}.`;
  throw new StepError(
    'image-gone',
    `the image ${image} is ${found?.State ?? 'not there'} at ${site}: name another, or copy it there`,
    'person',
  );
}

/** At least one type is offered in the zone of one subnet; those that are not are said. */
async function checkOffers(
  types: readonly string[],
  subnets: readonly Subnet[],
  site: string,
  context: StepContext,
): Promise<readonly string[]> {
  const ec2 = await service('ec2', site, context);
  const offers = await pages(async (NextToken) => {
    const page = await ec2.describeInstanceTypeOfferings({
      LocationType: 'availability-zone',
      Filters: [{ Name: 'instance-type', Values: [...types] }],
      NextToken,
    });
    return { items: page.InstanceTypeOfferings, next: page.NextToken };
  });
  const missing = types.flatMap((type) =>
    subnets
      .filter(
        ({ AvailabilityZone }) => !offers.some(({ InstanceType, Location }) => InstanceType === type && Location === AvailabilityZone),
      )
      .map(({ AvailabilityZone }) => `${type} in ${AvailabilityZone}`),
  );
  if (missing.length === types.length * subnets.length)
    throw new StepError('not-offered', `EC2 offers none of these at ${site}: ${missing.join(', ')}. Name other types or subnets`, 'person');
  return missing.map((one) => `EC2 does not offer ${one}.`);
}

/** What EC2 would refuse of it, it refuses now. An image that is still being made cannot be tried. */
async function mayLaunch(input: LaunchInput, image: string | undefined, context: StepContext): Promise<void> {
  const ec2 = await service('ec2', input.site, context);
  if (input.image === undefined && input.template === undefined) {
    await allowed(ec2.registerImage({ ...registration(input, context), DryRun: true }));
    return;
  }
  const [first] = triesOf(input);
  await allowed(ec2.runInstances({ ...(await request(input, first!, image, context)), DryRun: true })).catch((error: unknown) => {
    if (!isAws(error, 'InvalidAMIID.Unavailable', 'InsufficientInstanceCapacity', 'Unsupported')) throw error;
  });
}

function holds(block: string, address: string): boolean {
  const [network, bits] = block.split('/');
  if (network === undefined || bits === undefined) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits));
  return list.check(address);
}

function mistake(code: string, message: string): StepError {
  return new StepError(code, message, 'mistake');
}
