import { account } from '../aws/account.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/** A copy is made in another region, in another account, or both. Throws where it would lie beside the original. */
export async function mustBeElsewhere({ site, from }: { site: string; from: string }, context: StepContext): Promise<void> {
  const [to, owner] = await Promise.all([account(site, context), account(from, context)]);
  if (to !== owner || context.aws(site).region !== context.aws(from).region) return;
  throw new StepError(
    'not-elsewhere',
    `${site} and ${from} are the same region of the same account: a copy there is lost with the original. Name another site.`,
    'mistake',
  );
}
