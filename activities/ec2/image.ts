import type { Image } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tagSpecifications } from '../aws/tags.ts';
import { nameFor } from '../aws/token.ts';
import { siteName } from '../fields.ts';
import { noteAlso } from '../note.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { allowed } from './dry-run.ts';
import { days, imageName, instanceId } from './fields.ts';
import { readInstance } from './find.ts';
import { imageOutput, madeImages, mustBeFree, outputsOf, tidyImages, waitForImages, whole } from './image-made.ts';
import { keptTags } from './kept.ts';

const input = z.object({
  site: siteName('The AWS site of the instance, by its name in the inventory.'),
  id: instanceId('The instance of which an image is made, by its id.'),
  name: imageName('Name of the image. Default: one that only this step of this run gives; in a rehearsal always such a one.').optional(),
  reboot: z
    .boolean()
    .default(false)
    .describe('Whether the instance is rebooted for it, so that its file systems are clean. Without, it is as after a crash.'),
  days: days(),
});
const output = z.object(imageOutput);
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'ec2.image',
  summary: 'Makes an image of an instance with all its volumes, without a reboot unless one is asked for, and waits until it can be used.',
  effect: 'change',
  expected: 300_000,
  timeout: '12 hours',
  retry: { times: 5, wait: '5 seconds' },
  input,
  output,
  example: { site: 'us-east-1', id: 'i-0123456789abcdef0', name: 'shop-app-2026-11', reboot: false, days: 35 },
  permissions: [],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:DescribeImages', 'ec2:CreateImage'],
    execute: execution(),
    rehearse: execution(),
  },

  async preflight(wanted, context) {
    const { site, id } = wanted;
    await account(site, context);
    await readInstance(id, site, context);
    await mustBeFree(nameOf(wanted, context), site, context);
    const ec2 = await service('ec2', site, context);
    await allowed(ec2.createImage({ ...request(wanted, context), DryRun: true }));
    return [`An image of ${id} can be made at ${site}${wanted.reboot ? '; the instance will be rebooted for it' : ''}.`];
  },

  execute: (wanted, context) => make(wanted, context),
  verify: (wanted, context) => made(wanted, context),

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    // A rehearsal interrupts nothing.
    await make({ ...wanted, reboot: false }, context);
    return made(wanted, context);
  },

  undo: { none: 'An image harms nobody; ec2.cleanup takes it away when its days are over.' },
});

async function make(wanted: Input, context: StepContext): Promise<void> {
  const { site, id } = wanted;
  const name = nameOf(wanted, context);
  const before = await madeImages(site, context);
  const ids = before.length > 0 ? before.map(({ ImageId }) => ImageId!) : [await create(wanted, name, context)];
  await waitForImages(ids, site, 300_000, context);
  await tidyImages(`The image of ${id}`, site, context);
}

async function create(wanted: Input, name: string, context: StepContext): Promise<string> {
  const { site, id } = wanted;
  const ec2 = await service('ec2', site, context);
  await mustBeFree(name, site, context);
  await readInstance(id, site, context);
  noteAlso(context, { begun: true });
  await mayChange(site, context);
  try {
    return (await ec2.createImage(request(wanted, context))).ImageId!;
  } catch (error) {
    if (!isAws(error, 'InvalidAMIName.Duplicate')) throw error;
    // Another attempt was faster; or it is somebody else's, which is refused.
    await mustBeFree(name, site, context);
    const [found] = await madeImages(site, context);
    if (!found) throw error;
    return found.ImageId!;
  }
}

function request(wanted: Input, context: StepContext) {
  return {
    InstanceId: wanted.id,
    Name: nameOf(wanted, context),
    NoReboot: !wanted.reboot,
    Description: `Of ${wanted.id}, by ${context.run.workflowId}`.slice(0, 255),
    TagSpecifications: tagSpecifications(['image', 'snapshot'] as const, keptTags(context, wanted.days)),
  };
}

async function made(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site, id } = wanted;
  const image: Image = await whole(`the image of ${id}`, site, context);
  return {
    outputs: await outputsOf(image, site, context),
    evidence: [`${image.ImageId} (${image.Name}) is an image of ${id} at ${site} and can be used.`],
  };
}

function nameOf({ id, name }: Input, context: StepContext): string {
  return name !== undefined && context.run.live ? name : nameFor(context, name ?? id);
}

function execution(): string[] {
  return [
    'sts:GetCallerIdentity',
    'ec2:DescribeInstances',
    'ec2:DescribeImages',
    'ec2:DescribeSnapshots',
    'ec2:CreateImage',
    'ec2:CreateTags',
    'ec2:DeregisterImage',
    'ec2:DeleteSnapshot',
  ];
}
