import { ApplicationFailure } from '@temporalio/workflow';
import type { RunInput } from './wire.ts';

/**
 * What a person typed, as far as the run itself relies on it; the rest is checked where the plan is compiled.
 * @throws ApplicationFailure `input`, which ends the run: any other error would hang it.
 */
export function inputOf(given: unknown): RunInput {
  const { site, system = site === undefined ? undefined : `site-${site}` } = (
    typeof given === 'object' && given !== null ? given : {}
  ) as Partial<RunInput>;
  if (typeof system !== 'string' || system === '' || system.length > 200) {
    throw ApplicationFailure.nonRetryable(
      'the input names no system: start the run with an input such as {"system":"orders","mode":"unplanned"}',
      'input',
    );
  }
  const { by, digest, cause, ...rest } = given as RunInput;
  return {
    ...rest,
    system,
    ...(typeof cause === 'string' && cause !== '' ? { cause } : {}),
    ...(typeof by === 'string' && by !== '' ? { by } : {}),
    ...(typeof digest === 'string' && digest !== '' ? { digest } : {}),
  };
}
