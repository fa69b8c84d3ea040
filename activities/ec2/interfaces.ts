import type { NetworkInterface } from '@aws-sdk/client-ec2';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tagOf } from '../aws/tags.ts';
import type { StepContext } from '../step.ts';
import { groupsTag } from './closed-group.ts';

/** A network interface of an instance. */
export interface Interface {
  readonly id: string;
  readonly vpc: string;
  readonly groups: readonly string[];
  /** Its groups before it was cut off; empty: it was not. */
  readonly before: readonly string[];
  /** Key of the step that cut it off. */
  readonly by: string | undefined;
}

/** A tag's value has 256 characters at the most, and an interface up to sixteen groups. */
const perTag = 12;
const tagNames = [groupsTag, `${groupsTag}-more`] as const;
const byTag = `${groupsTag}-by`;

/** Every network interface that an instance has. */
export async function interfacesOf(instance: string, site: string, context: StepContext): Promise<readonly Interface[]> {
  const ec2 = await service('ec2', site, context);
  const found: NetworkInterface[] = [];
  let token: string | undefined;
  do {
    const { NetworkInterfaces = [], NextToken } = await ec2.describeNetworkInterfaces({
      Filters: [{ Name: 'attachment.instance-id', Values: [instance] }],
      ...(token === undefined ? {} : { NextToken: token }),
    });
    found.push(...NetworkInterfaces);
    token = NextToken;
  } while (token !== undefined);
  return found.map(({ NetworkInterfaceId, VpcId, Groups = [], TagSet }) => ({
    id: NetworkInterfaceId!,
    vpc: VpcId!,
    groups: Groups.map(({ GroupId }) => GroupId!),
    before: tagNames.flatMap((name) => tagOf(TagSet, name)?.split(' ') ?? []).filter((group) => group !== ''),
    by: tagOf(TagSet, byTag),
  }));
}

export async function setGroups(one: Interface, groups: readonly string[], site: string, context: StepContext): Promise<void> {
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  await ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId: one.id, Groups: [...groups] });
}

/** Writes down in an interface's tags which groups it has, and for which step. */
export async function remember({ id, groups }: Interface, site: string, context: StepContext): Promise<void> {
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  const Tags = tagNames.map((Key, part) => ({ Key, Value: groups.slice(part * perTag, (part + 1) * perTag).join(' ') }));
  await ec2.createTags({ Resources: [id], Tags: [...Tags, { Key: byTag, Value: context.key }] });
}

export async function forget({ id }: Interface, site: string, context: StepContext): Promise<void> {
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  await ec2.deleteTags({ Resources: [id], Tags: [...tagNames, byTag].map((Key) => ({ Key })) });
}
