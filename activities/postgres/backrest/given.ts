import { z } from 'zod';

/** The site that served when the backups were taken; the source of the run where it is not said. */
export const servedAt = z
  .string()
  .min(1)
  .describe('The site that served when the backup was taken: its store is read. Default: the source of the run.')
  .optional();

export const fromField = z
  .enum(['store', 'copy'])
  .describe('Where the backup is taken from: the store itself, or its copy in the other failure domain.')
  .default('store');

/** What a restore of hours may take, milliseconds. */
export const restorePatience = 12 * 3_600_000;
