import { z } from 'zod';
import { siteName } from '../fields.ts';

/** Where a step acts. */
export const siteField = siteName('The AWS site at which it acts, by its name in the inventory.');

/** An identifier of RDS, which RDS itself keeps in lower case. Never a wildcard. */
export function rdsId(description: string) {
  return z
    .string()
    .toLowerCase()
    .max(63)
    .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/u, 'an identifier of RDS: letters, digits and single dashes, a letter first')
    .describe(description);
}

/** A snapshot of an instance, by its name or ARN. Never a wildcard. */
export function snapshotName(description: string) {
  return z
    .string()
    .toLowerCase()
    .max(512)
    .regex(
      /^(?:arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:snapshot:)?(?:rds:|awsbackup:)?[a-z][a-z0-9-]*$/u,
      'the name of a snapshot of RDS, or its ARN',
    )
    .describe(description);
}
