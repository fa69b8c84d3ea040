import { z } from 'zod';
import { siteName } from '../fields.ts';
import { deviceName, imageId, snapshotId } from './fields.ts';

const subnetId = z.string().regex(/^subnet-[0-9a-f]{8,17}$/u, 'the id of a subnet, such as subnet-0123456789abcdef0');
const groupId = z.string().regex(/^sg-[0-9a-f]{8,17}$/u, 'the id of a security group, such as sg-0123456789abcdef0');
const typeName = z.string().regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/u, 'an instance type, such as m7i.large');
const plain = /^[A-Za-z0-9+=,.@_-]{1,128}$/u;

/** Input of `ec2.launch`. */
export const launchInput = z.object({
  site: siteName('The AWS site at which they are launched, by its name in the inventory.'),
  image: imageId('The image, by its id. Default: that of the template, or one that is made of the snapshots.').optional(),
  template: z
    .string()
    .regex(/^[A-Za-z0-9().\-/_]{3,128}$/u, 'the id or name of a launch template')
    .describe('A launch template, by its id or name: what is not said here is as it says. Default: none.')
    .optional(),
  version: z
    .string()
    .regex(/^(?:\d+|\$Latest|\$Default)$/u, 'a number, $Latest or $Default')
    .describe('Version of the template. Default: its default version.')
    .optional(),
  snapshots: z
    .array(z.object({ device: deviceName('Where its volume is attached, such as /dev/sdf.'), snapshot: snapshotId() }))
    .min(1)
    .describe('Snapshots of which volumes are made: with an image those of data, without one the root as well. Default: none.')
    .optional(),
  root: deviceName('Without an image: which of these devices is the root.').optional(),
  architecture: z
    .enum(['x86_64', 'arm64'])
    .describe('Without an image: the architecture of what is on the root. Default: x86_64.')
    .optional(),
  boot: z.enum(['legacy-bios', 'uefi', 'uefi-preferred']).describe('Without an image: how it boots. Default: as the type does.').optional(),
  types: z
    .array(typeName)
    .min(1)
    .max(10)
    .describe('Instance types, tried in turn where there is no capacity. Default: that of the template.')
    .optional(),
  subnets: z.array(subnetId).min(1).max(20).describe('Subnets, by id; tried in turn where there is no capacity.'),
  groups: z.array(groupId).min(1).max(16).describe('Security groups of the VPC of these subnets, by id.'),
  count: z.int().min(1).max(100).describe('How many are launched, all of one type in one subnet. Default: 1.').default(1),
  address: z.ipv4().describe('Private IPv4 address of a single instance. Default: one that is free.').optional(),
  profile: z
    .string()
    .regex(/^(?:arn:aws[a-z-]*:iam::\d{12}:instance-profile\/)?[A-Za-z0-9+=,.@_/-]{1,512}$/u, 'the name or ARN of an instance profile')
    .describe('Instance profile, by its name or ARN: the role that the instance has. Default: none, or that of the template.')
    .optional(),
  'key-pair': z
    .string()
    .max(255)
    .describe('Name of the key pair with which people log in. Default: none, or that of the template.')
    .optional(),
  'user-data': z
    .string()
    .regex(/^(?:env|file|aws):.+$/u, 'a reference, such as file:/etc/lifeboat/app.sh')
    .describe('User data, by reference: the text itself never enters a plan or a history. Default: none, or that of the template.')
    .optional(),
  name: z.string().regex(plain, 'letters, digits and +=,.@_-').describe('Their name: the tag `Name`. Default: none.').optional(),
  keep: z
    .number()
    .positive()
    .describe(
      'Days for which they are kept at least; after that ec2.cleanup may remove them. Default: for ever. In a rehearsal: until that expires.',
    )
    .optional(),
  checks: z.boolean().describe('Whether it waits until they pass the status checks of EC2. Default: true.').default(true),
});

export type LaunchInput = z.infer<typeof launchInput>;
