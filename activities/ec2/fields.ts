import { z } from 'zod';

const id = (prefix: string, what: string) =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`, 'u'), `the id of ${what}, such as ${prefix}-0123456789abcdef0`);

export const instanceId = (description = 'The instance, by its id.') => id('i', 'an instance').describe(description);
export const volumeId = (description = 'The volume, by its id.') => id('vol', 'a volume').describe(description);
export const snapshotId = (description = 'The snapshot, by its id.') => id('snap', 'a snapshot').describe(description);
export const imageId = (description = 'The image, by its id.') => id('ami', 'an image').describe(description);

/** Where a volume is attached, as EC2 names it. */
export function deviceName(description = 'The device, as EC2 names it, such as /dev/sdf.') {
  return z
    .string()
    .regex(/^(?:\/dev\/)?[a-z][a-z0-9]{1,30}$/u, 'a device, such as /dev/sdf')
    .describe(description);
}

/** A name of an image. */
export function imageName(description: string) {
  return z
    .string()
    .regex(/^[A-Za-z0-9()[\] ./'@_-]{3,128}$/u, "3 to 128 letters, digits, spaces and ()[]./-'@_")
    .describe(description);
}

/** A name of snapshots that were taken together; what a tag takes. */
export function setName(description: string) {
  return z
    .string()
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9 +=._:/@-]{0,198}[A-Za-z0-9])?$/u, 'up to 200 letters, digits, spaces and +-=._:/@')
    .describe(description);
}

/** A key of AWS KMS in the region in which it is used. */
export function keyName(description: string) {
  return z
    .string()
    .regex(
      /^(?:[0-9a-f-]{36}|mrk-[0-9a-f]{32}|alias\/[A-Za-z0-9/_-]{1,250}|arn:aws[a-z-]*:kms:[^*]+)$/u,
      'the id, the ARN or the alias of a key',
    )
    .describe(description);
}

export function days(
  description = 'For how many days it is kept; ec2.cleanup removes it afterwards. Default: for ever. In a rehearsal: until that expires.',
) {
  return z.int().min(1).max(36_500).describe(description).optional();
}
