import { z } from 'zod';
import { maybeTime, time } from './common.ts';
import { proof } from './step.ts';

const standing = proof.extend({ with: z.json().describe('What the step was given that made it: with that it is looked at again.') });

const backup = z
  .object({
    label: z.string().describe("The tool's own name of it."),
    store: z.string().describe('Where it lies.'),
    holds: z.enum(['database', 'files', 'volumes']).describe('What it is a backup of.'),
    kind: z.enum(['full', 'differential', 'incremental', 'snapshot']).describe('How much of it it holds by itself.'),
    at: time('Up to when it holds the data.'),
    bytes: z.number().describe('Size, bytes.'),
    provenAt: maybeTime('When it was restored elsewhere and compared; null: not proven.'),
    compared: z.array(z.string()).describe('What was compared.'),
  })
  .describe('A backup.');

export const left = z
  .object({
    fences: z.array(standing).describe('Fences that stand beyond the run.'),
    lifted: z.array(z.string()).describe('Hosts whose fence was lifted.'),
    protected: z.boolean().describe('Whether a standby follows the site that serves.'),
    backups: z
      .array(
        z
          .object({
            store: z.string().describe('Where they lie.'),
            holds: backup.shape.holds,
            complete: z.boolean().describe('Whether these are all that lie there.'),
            backups: z.array(backup).describe('They.'),
          })
          .describe('What a step saw of a store.'),
      )
      .describe('What was learnt of backups, in order.'),
    shared: z.boolean().describe('Whether it shared the system with others, and so says nothing of who serves.'),
  })
  .describe('What outlives the run: what is known of the system is made again of it, should that be lost.');
