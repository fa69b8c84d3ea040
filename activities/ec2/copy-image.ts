import type { Image } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tagSpecifications } from '../aws/tags.ts';
import { clientToken, nameFor } from '../aws/token.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { noteAlso } from '../note.ts';
import { usableKey } from '../rds/key.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { anew } from './anew.ts';
import { mustBeElsewhere } from './elsewhere.ts';
import { days, imageId, imageName, keyName } from './fields.ts';
import { disksOf, imageOutput, madeImages, mustBeFree, outputsOf, tidyImages, waitForImages, whole } from './image-made.ts';
import { keptTags } from './kept.ts';
import { images as kind, snapshots } from './kinds.ts';
import { whenRoom } from './room.ts';

const input = z.object({
  site: siteName('The AWS site that the copy is made at, by its name in the inventory: another region of the same account.'),
  from: siteName('The AWS site of the image, by its name in the inventory.'),
  id: imageId('The image that is copied, by its id.'),
  name: imageName('Name of the copy. Default: that of the image; in a rehearsal one that only this step of this run gives.').optional(),
  key: keyName('The key of the destination that encrypts the copy. It must be given where the image is encrypted.').optional(),
  days: days(),
});
const output = z.object({ ...imageOutput, of: z.string().describe('Id of the image that it is a copy of.') });
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

/** How long a copy to another region usually takes, milliseconds. */
const expected = 900_000;

export default step({
  name: 'ec2.copy-image',
  summary: 'Copies an image to another region under a key of that place, and waits until the copy can be used.',
  effect: 'change',
  expected,
  timeout: '24 hours',
  retry: { times: 5, wait: '15 seconds' },
  input,
  output,
  example: { site: 'us-west-2', from: 'us-east-1', id: 'ami-0123456789abcdef0', key: 'alias/shop', days: 35 },
  permissions: [
    'On the key of the destination: kms:CreateGrant, kms:Encrypt and kms:GenerateDataKeyWithoutPlaintext for the role.',
    'On the key of the image: kms:CreateGrant, kms:Decrypt and kms:ReEncryptFrom for the role.',
  ],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'ec2:DescribeImages', 'ec2:DescribeSnapshots', 'ec2:CopyImage', 'kms:DescribeKey'],
    execute: execution(),
    rehearse: execution(),
  },
  iamAt: { from: ['ec2:DescribeImages', 'ec2:DescribeSnapshots'] },
  iamIf: { 'kms:DescribeKey': ['key'] },

  async preflight(wanted, context) {
    const { site, from, id } = wanted;
    const source = await mayCopy(wanted, context);
    await mustBeFree(nameOf(wanted, source, context), site, context);
    return [`The image ${id} at ${from} is ${source.State} and can be copied to ${site}.`];
  },

  execute: (wanted, context) => copy(wanted, context),
  verify: (wanted, context) => copied(wanted, context),

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    await copy(wanted, context);
    return copied(wanted, context);
  },

  undo: { none: 'An image harms nobody; ec2.cleanup takes it away when its days are over.' },
});

async function copy(wanted: Input, context: StepContext): Promise<void> {
  const { site, from, id } = wanted;
  const source = await mayCopy(wanted, context);
  const ready = ({ State }: Image): boolean => {
    if (State === 'pending') return false;
    if (State === 'available') return true;
    throw new StepError('image-failed', `The image ${id} at ${from} is ${State}: make a new one.`, 'person');
  };
  await waitFor({ kind, id, site: from, expected: 300_000, ready }, context);
  const before = await madeImages(site, context);
  const ids = before.length > 0 ? before.map(({ ImageId }) => ImageId!) : [await start(source, wanted, context)];
  await waitForImages(ids, site, expected, context);
  await tidyImages(`The copy of ${id}`, site, context);
}

async function start(source: Image, wanted: Input, context: StepContext): Promise<string> {
  const { site, from, id, key } = wanted;
  const name = nameOf(wanted, source, context);
  await mustBeFree(name, site, context);
  const ec2 = await service('ec2', site, context);
  noteAlso(context, { begun: true });
  const make = async (variant: string): Promise<string> => {
    await mayChange(site, context);
    const { ImageId } = await ec2.copyImage({
      Name: name,
      SourceImageId: id,
      SourceRegion: context.aws(from).region,
      ClientToken: clientToken(context, id, name, key ?? '', variant),
      Description: `Of ${id} at ${from}`,
      TagSpecifications: tagSpecifications(['image', 'snapshot'] as const, keptTags(context, wanted.days, { 'lifeboat:of': id })),
      ...(key === undefined ? {} : { Encrypted: true, KmsKeyId: key }),
    });
    return ImageId!;
  };
  const tried = (variant: string): Promise<string> => whenRoom(site, () => make(variant), context);
  return anew({ kind, site, isGone: ({ State }) => State === 'deregistered', make: tried }, context);
}

async function copied(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site, from, id, key } = wanted;
  const image = await whole(`the copy of ${id}`, site, context);
  const outputs = { ...(await outputsOf(image, site, context)), of: id };
  const arn = key === undefined ? undefined : await usableKey(key, site, context);
  const there = await snapshots.describe(
    outputs.snapshots.map(({ snapshot }) => snapshot),
    site,
    context,
  );
  const other = [...there.values()].find(({ KmsKeyId }) => arn !== undefined && KmsKeyId !== arn);
  if (other)
    throw new StepError(
      'copy-wrong-key',
      `The snapshot ${other.SnapshotId} of ${image.ImageId} at ${site} is encrypted with ${other.KmsKeyId ?? 'no key'}, and should be with ${arn}: remove the copy, and copy again.`,
      'person',
    );
  return { outputs, evidence: [`${image.ImageId} (${image.Name}) at ${site} is a copy of ${id} at ${from} and can be used.`] };
}

/** The image, where it can be copied so. Throws what no retry would mend. */
async function mayCopy(wanted: Input, context: StepContext): Promise<Image> {
  const { site, from, id, key } = wanted;
  await mustBeElsewhere(wanted, context);
  if ((await account(site, context)) !== (await account(from, context)))
    throw new StepError(
      'not-across-accounts',
      `${from} and ${site} are of different accounts: copy the image's snapshots there by ec2.copy-snapshot, and launch from them.`,
      'mistake',
    );
  const source = (await kind.describe([id], from, context)).get(id);
  if (!source)
    throw new StepError(
      'no-image',
      `${from} (${context.aws(from).region}) has no image ${id}: deregistered, or of another site.`,
      'person',
    );
  const encrypted = disksOf(source).find(({ Ebs }) => Ebs?.Encrypted);
  if (encrypted && key === undefined)
    throw new StepError('no-key', `${encrypted.DeviceName} of ${id} is encrypted: name a \`key\` of ${site} for the copy.`, 'mistake');
  if (key !== undefined) await usableKey(key, site, context);
  return source;
}

function nameOf({ name }: Input, source: Image, context: StepContext): string {
  const same = name ?? source.Name ?? source.ImageId!;
  return context.run.live ? same : nameFor(context, same);
}

function execution(): string[] {
  return [
    'sts:GetCallerIdentity',
    'ec2:DescribeImages',
    'ec2:DescribeSnapshots',
    'ec2:CopyImage',
    'ec2:CreateTags',
    'ec2:DeregisterImage',
    'ec2:DeleteSnapshot',
    'kms:DescribeKey',
  ];
}
