import { z } from 'zod';

export const bucketName = (description: string) =>
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/u, 'the name of a bucket')
    .describe(description);

/** Part of a key: no wildcard, for S3 has none. */
export const keyPart = (description: string) =>
  z
    .string()
    .max(900)
    .regex(/^[^*?\u0000-\u001f]*$/u, 'the beginning of a key, without wildcards')
    .describe(description);
