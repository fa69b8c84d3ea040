import type { Instance, ResponseLaunchTemplateData, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { AwsError, isAws } from '../aws/error.ts';
import { tag, tagSpecifications } from '../aws/tags.ts';
import { clientToken } from '../aws/token.ts';
import { StepError } from '../error.ts';
import { note, noted } from '../note.ts';
import type { StepContext } from '../step.ts';
import { instancesTagged, madeBefore, timeOf } from './find.ts';
import { becomes, stateOf } from './instance.ts';
import { keptTags } from './kept.ts';
import { disksOf, imageOf } from './launch-image.ts';
import type { LaunchInput } from './launch-input.ts';
import { unlessGone } from './remove.ts';
import { isReady } from './status.ts';

/** One way to launch: the type of the template where none is named. */
export interface Try {
  readonly type: string | undefined;
  readonly subnet: string;
}

/** Which of the tries an attempt was at. */
const where = z.object({ at: z.int() });
/** A token that made what was terminated since makes nothing any more. */
const generations = 5;

/** Every type in every subnet, the first type first. */
export function triesOf({ types, subnets }: LaunchInput): readonly Try[] {
  const wanted: readonly (string | undefined)[] = types ?? [undefined];
  return wanted.flatMap((type) => subnets.map((subnet) => ({ type, subnet })));
}

/** Launches what is missing, and waits until all run and are well. */
export async function launch(input: LaunchInput, context: StepContext): Promise<void> {
  const { site, count, checks } = input;
  const image = await imageOf(input, context);
  const up = await madeBefore(
    () => launched(site, context),
    (found) => found.length >= count,
    context,
  );
  if (up.length < count) await launchSome(input, image, count - up.length, context);
  for (const { InstanceId: id } of await launched(site, context)) {
    await becomes({ site, id: id! }, ['running'], 20_000, context);
    if (checks) await isReady({ site, id: id! }, context);
  }
  await terminateSurplus(input, context);
}

/** What this step launched and has not been terminated, oldest first. */
export async function launched(site: string, context: StepContext): Promise<readonly Instance[]> {
  const all = await instancesTagged({ [tag.key]: context.key }, site, context);
  return all
    .filter((one) => !['terminated', 'shutting-down'].includes(stateOf(one)))
    .toSorted((one, other) => timeOf(one.LaunchTime) - timeOf(other.LaunchTime) || one.InstanceId!.localeCompare(other.InstanceId!));
}

/** Terminates instances of this step, and waits until they are. */
export async function terminate(ids: readonly string[], site: string, context: StepContext): Promise<void> {
  if (ids.length === 0) return;
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  await unlessGone(ec2.terminateInstances({ InstanceIds: [...ids] }));
  for (const id of ids) await becomes({ site, id }, ['terminated'], 30_000, context);
}

/** What RunInstances is given for one try, without token and tags. */
export async function request(
  input: LaunchInput,
  { type, subnet }: Try,
  image: string | undefined,
  context: StepContext,
): Promise<RunInstancesCommandInput> {
  const { template, version, address, profile, groups, name, keep, 'key-pair': keyPair, 'user-data': reference } = input;
  // Without an image of its own, the disks are those of the image that was made of them.
  const disks = input.image === undefined && template === undefined ? [] : disksOf(input);
  const place = { SubnetId: subnet, ...(address === undefined ? {} : { PrivateIpAddress: address }) };
  // Where the template has network interfaces, EC2 takes subnet and groups only as those of an interface.
  const inInterface = ((await templateOf(input, context))?.NetworkInterfaces ?? []).length > 0;
  return {
    MinCount: 1,
    MaxCount: 1,
    ...(inInterface
      ? { NetworkInterfaces: [{ DeviceIndex: 0, Groups: [...groups], ...place }] }
      : { SecurityGroupIds: [...groups], ...place }),
    ...(image === undefined ? {} : { ImageId: image }),
    ...(type === undefined ? {} : { InstanceType: type as NonNullable<RunInstancesCommandInput['InstanceType']> }),
    ...(template === undefined ? {} : { LaunchTemplate: { ...templateNamed(template), Version: version ?? '$Default' } }),
    ...(disks.length === 0 ? {} : { BlockDeviceMappings: disks }),
    ...(profile === undefined ? {} : { IamInstanceProfile: profile.startsWith('arn:') ? { Arn: profile } : { Name: profile } }),
    ...(keyPair === undefined ? {} : { KeyName: keyPair }),
    ...(reference === undefined ? {} : { UserData: Buffer.from(await context.secret(reference)).toString('base64') }),
    TagSpecifications: tagSpecifications(
      ['instance' as const, 'volume' as const, 'network-interface' as const],
      keptTags(context, keep, name === undefined ? {} : { Name: name }),
    ),
  };
}

/** What a launch template says; undefined where none is named. */
export async function templateOf(
  { site, template, version }: LaunchInput,
  context: StepContext,
): Promise<ResponseLaunchTemplateData | undefined> {
  if (template === undefined) return undefined;
  const ec2 = await service('ec2', site, context);
  const { LaunchTemplateVersions: [found] = [] } = await ec2.describeLaunchTemplateVersions({
    ...templateNamed(template),
    Versions: [version ?? '$Default'],
  });
  if (found?.LaunchTemplateData) return found.LaunchTemplateData;
  throw new StepError('no-template', `${site} has no version ${version ?? '$Default'} of the launch template ${template}`, 'mistake');
}

function templateNamed(template: string) {
  return /^lt-[0-9a-f]{8,17}$/u.test(template) ? { LaunchTemplateId: template } : { LaunchTemplateName: template };
}

async function launchSome(input: LaunchInput, image: string | undefined, count: number, context: StepContext): Promise<void> {
  const tries = triesOf(input);
  // An attempt whose answer was lost may have launched by this one: the same token gives the same instances.
  const first = Math.min(noted(context, where)?.at ?? 0, tries.length - 1);
  const refused: string[] = [];
  for (const [index, one] of [...tries.entries()].slice(first)) {
    note(context, { at: index });
    try {
      await run(input, one, image, count, context);
      return;
    } catch (error) {
      if (!isFull(error)) throw error;
      refused.push(`${one.type ?? 'the type of the template'} in ${one.subnet}: ${error.aws}`);
    }
  }
  note(context, { at: 0 });
  // Those before the one that an earlier attempt was at.
  if (first > 0) return launchSome(input, image, count, context);
  throw new StepError(
    'aws-no-capacity',
    `${input.site} has no capacity for ${count} instance(s) in any way that was named (${refused.join('; ')}): name other types or subnets, or wait and retry`,
    'person',
  );
}

/** A zone or a type is full, or does not go together with the other. */
function isFull(error: unknown): error is AwsError {
  return (
    error instanceof AwsError && (error.code === 'aws-no-capacity' || isAws(error, 'Unsupported', 'InsufficientFreeAddressesInSubnet'))
  );
}

async function run(input: LaunchInput, one: Try, image: string | undefined, count: number, context: StepContext): Promise<void> {
  const { site } = input;
  const ec2 = await service('ec2', site, context);
  const given = { ...(await request(input, one, image, context)), MinCount: count, MaxCount: count };
  const all = await instancesTagged({ [tag.key]: context.key }, site, context);
  const ended = all.filter((made) => stateOf(made) === 'terminated').length;
  for (let generation = ended; ; generation += 1) {
    await mayChange(site, context);
    try {
      await ec2.runInstances({
        ...given,
        ClientToken: clientToken(context, 'launch', one.type ?? '', one.subnet, String(count), String(generation)),
      });
      return;
    } catch (error) {
      if (!isAws(error, 'IdempotentInstanceTerminated') || generation >= ended + generations) throw error;
    }
  }
}

/** Two attempts that fell back on different ways leave one too many. */
async function terminateSurplus({ site, count }: LaunchInput, context: StepContext): Promise<void> {
  const surplus = (await launched(site, context)).slice(count);
  await terminate(
    surplus.map(({ InstanceId }) => InstanceId!),
    site,
    context,
  );
}
