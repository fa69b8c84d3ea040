import { isAws } from '../aws/error.ts';

/** Asks EC2 whether a call would be allowed and whole; the call MUST be made with `DryRun: true`. Throws what would refuse it. */
export async function allowed(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isAws(error, 'DryRunOperation')) throw error;
  });
}
