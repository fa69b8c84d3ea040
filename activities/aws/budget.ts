import type { AwsFacts } from '../../plan/plan.ts';

export interface Spending {
  readonly site: string;
  readonly facts: AwsFacts;
  readonly service: string;
  readonly operation: string;
}

/** Waits until the account's limit for this call, as far as the site may use it, leaves room for one more. */
export async function spend(_call: Spending): Promise<void> {
  await Promise.resolve();
}
