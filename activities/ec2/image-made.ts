import type { BlockDeviceMapping, Image } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { tag, tagOf } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import { noteAlso } from '../note.ts';
import type { StepContext } from '../step.ts';
import { imagesTagged, madeBefore, snapshotsTagged } from './find.ts';
import { images as kind, snapshots } from './kinds.ts';
import { deleteSnapshot, deregister } from './remove.ts';
import { saved } from './snapshot-set.ts';

/** What a step tells of an image that it made. */
export const imageOutput = {
  image: z.string().describe('Id of the image.'),
  name: z.string().describe('Its name.'),
  architecture: z.string().describe('Architecture of what is on it, such as x86_64.'),
  'root-device': z.string().describe('The device that an instance of it starts from.'),
  snapshots: z.array(saved).describe('Its snapshots, by device.'),
};

/** Images that this step made, oldest first. */
export function madeImages(site: string, context: StepContext): Promise<readonly Image[]> {
  return madeBefore(
    () => imagesTagged({ [tag.key]: context.key }, site, context),
    ({ length }) => length > 0,
    context,
  );
}

/** Throws where an image of this name is another's. */
export async function mustBeFree(name: string, site: string, context: StepContext): Promise<void> {
  const there = await imagesTagged({}, site, context, [{ Name: 'name', Values: [name] }]);
  const other = there.find(({ Name, Tags }) => Name === name && tagOf(Tags, tag.key) !== context.key);
  if (!other) return;
  const run = tagOf(other.Tags, tag.run);
  throw new StepError(
    'name-taken',
    `The name ${name} at ${site} is taken by the image ${other.ImageId}, made ${run === undefined ? 'by nobody that it says' : `by the run ${run}`}: give another name, or remove that one.`,
    'person',
  );
}

/** Until each is done, be it that it failed. */
export async function waitForImages(ids: readonly string[], site: string, expected: number, context: StepContext): Promise<void> {
  const ready = ({ State }: Image): boolean => State !== 'pending' && State !== 'transient';
  await Promise.all(ids.map((id) => waitFor({ kind, id, site, expected, ready }, context)));
}

/**
 * Leaves the oldest sound image of this step, and takes away what failed and what was made twice, with the snapshots of it.
 * @throws StepError `image-failed` where none is sound.
 */
export async function tidyImages(what: string, site: string, context: StepContext): Promise<void> {
  const made = await madeImages(site, context);
  const sound = made.find(isSound);
  const doomed = made.filter((one) => one !== sound && (sound !== undefined || isLost(one)));
  for (const { ImageId } of doomed) await deregister(ImageId!, site, context);
  const left = made.filter((one) => !doomed.includes(one));
  // An image that is not complete does not tell its snapshots yet.
  if (left.every(isSound)) await removeOrphans(left, site, context);
  if (doomed.length > 0) noteAlso(context, { removed: doomed.map(({ ImageId }) => ImageId!) });
  if (sound) return;
  const why = doomed.map(({ ImageId, StateReason }) => `${ImageId} ${StateReason?.Message ?? ''}`.trim()).join('; ');
  throw new StepError('image-failed', `${what} at ${site} failed, and was taken away: ${why || 'it is not to be seen'}.`);
}

/** The image of this step. Throws where it cannot be used. */
export async function whole(what: string, site: string, context: StepContext): Promise<Image> {
  const found = (await imagesTagged({ [tag.key]: context.key }, site, context)).find(isSound);
  if (found) return found;
  throw new StepError('image-missing', `There is no complete image at ${site} by this step: ${what} is missing.`);
}

export async function outputsOf(image: Image, site: string, context: StepContext) {
  const disks = disksOf(image);
  const there = await snapshots.describe(
    disks.map(({ Ebs }) => Ebs!.SnapshotId!),
    site,
    context,
  );
  return {
    image: image.ImageId!,
    name: image.Name!,
    architecture: image.Architecture ?? '',
    'root-device': image.RootDeviceName ?? '',
    snapshots: disks.map(({ DeviceName, Ebs }) => ({
      device: DeviceName ?? '',
      snapshot: Ebs!.SnapshotId!,
      gigabytes: Ebs?.VolumeSize ?? there.get(Ebs!.SnapshotId!)?.VolumeSize ?? 0,
      encrypted: Ebs?.Encrypted ?? there.get(Ebs!.SnapshotId!)?.Encrypted ?? false,
    })),
  };
}

/** Its disks that lie in snapshots. */
export function disksOf({ BlockDeviceMappings = [] }: Image): readonly BlockDeviceMapping[] {
  return BlockDeviceMappings.filter(({ Ebs }) => Ebs?.SnapshotId !== undefined);
}

/** A snapshot that this step made and that no image of it uses any more. */
async function removeOrphans(left: readonly Image[], site: string, context: StepContext): Promise<void> {
  const used = new Set(left.flatMap((one) => disksOf(one).map(({ Ebs }) => Ebs!.SnapshotId)));
  for (const { SnapshotId } of await snapshotsTagged({ [tag.key]: context.key }, site, context))
    if (!used.has(SnapshotId)) await deleteSnapshot(SnapshotId!, site, context);
}

function isSound({ State, BlockDeviceMappings = [] }: Image): boolean {
  return State === 'available' && BlockDeviceMappings.length > 0;
}

function isLost({ State }: Image): boolean {
  return State !== 'available' && State !== 'pending' && State !== 'transient';
}
