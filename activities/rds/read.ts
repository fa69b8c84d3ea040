import type { DBInstance } from '@aws-sdk/client-rds';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { instances } from './kinds.ts';

/** The instance as it is now; undefined where there is none. */
export async function findInstance(site: string, id: string, context: StepContext): Promise<DBInstance | undefined> {
  return (await instances.describe([id.toLowerCase()], site, context)).get(id.toLowerCase());
}

/** The instance as it is now. Throws where there is none. */
export async function readInstance(site: string, id: string, context: StepContext): Promise<DBInstance> {
  const found = await findInstance(site, id, context);
  if (found) return found;
  const { region } = context.aws(site);
  throw new StepError(
    'rds-no-instance',
    `There is no database instance ${id} at ${site} (${region}): correct the name, or the site, or make it first.`,
    'mistake',
  );
}
