import type { Image, Instance, Snapshot, Volume } from '@aws-sdk/client-ec2';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import type { Kind } from '../aws/wait.ts';

/** Snapshots of EBS volumes, by id. */
export const snapshots: Kind<Snapshot> = {
  name: 'ec2 snapshot',
  batch: 200,
  describe: (ids, site, context) =>
    found(ids, async (some) => {
      const { Snapshots = [] } = await (await service('ec2', site, context)).describeSnapshots({ SnapshotIds: [...some] });
      return Snapshots.map((one) => [one.SnapshotId!, one]);
    }),
  progress: ({ Progress }) => percent(Progress),
};

export const volumes: Kind<Volume> = {
  name: 'ec2 volume',
  batch: 200,
  describe: (ids, site, context) =>
    found(ids, async (some) => {
      const { Volumes = [] } = await (await service('ec2', site, context)).describeVolumes({ VolumeIds: [...some] });
      return Volumes.map((one) => [one.VolumeId!, one]);
    }),
};

export const images: Kind<Image> = {
  name: 'ec2 image',
  batch: 200,
  describe: (ids, site, context) =>
    found(ids, async (some) => {
      const { Images = [] } = await (await service('ec2', site, context)).describeImages({ ImageIds: [...some] });
      return Images.map((one) => [one.ImageId!, one]);
    }),
};

export const instances: Kind<Instance> = {
  name: 'ec2 instance',
  batch: 200,
  describe: (ids, site, context) =>
    found(ids, async (some) => {
      const { Reservations = [] } = await (await service('ec2', site, context)).describeInstances({ InstanceIds: [...some] });
      return Reservations.flatMap(({ Instances = [] }) => Instances).map((one) => [one.InstanceId!, one]);
    }),
};

function percent(text: string | undefined): number | undefined {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? undefined : value;
}

/** EC2 refuses the whole call for one id that it does not know, and names those ids in its message. */
async function found<State>(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<(readonly [string, State])[]>,
): Promise<ReadonlyMap<string, State>> {
  if (ids.length === 0) return new Map();
  try {
    return new Map(await read(ids));
  } catch (error) {
    if (!isAws(error, '*.NotFound', '*NotFound', '*.Malformed')) throw error;
    if (ids.length === 1) return new Map();
    const unknown = new Set(error.message.match(/\b(?:ami|i|snap|vol)-[0-9a-f]+/gu));
    const rest = ids.filter((id) => !unknown.has(id));
    if (rest.length < ids.length) return found(rest, read);
    const half = Math.ceil(ids.length / 2);
    const [first, second] = await Promise.all([found(ids.slice(0, half), read), found(ids.slice(half), read)]);
    return new Map([...first, ...second]);
  }
}
