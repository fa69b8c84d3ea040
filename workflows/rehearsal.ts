import { ApplicationFailure } from '@temporalio/workflow';
import type { RunInput, RunResult } from './wire.ts';

/** The name stands; without a rehearsal inventory there is nothing isolated to run in, and production is not tried instead. */
export async function rehearsal(input: RunInput): Promise<RunResult> {
  throw ApplicationFailure.nonRetryable(`no rehearsal inventory for ${input.system}: this release rehearses nothing yet`, 'refused');
}
