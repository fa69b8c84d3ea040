import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RunResult } from '../workflows/wire.ts';
import type { Temporal } from './connect.ts';
import type { RunName } from './find-run.ts';

/** How a run ended, and what its execution failed with; both null where it ended with neither. A run that did not end well fails its execution. */
export interface Ended {
  readonly result: RunResult | null;
  readonly problem: string | null;
}

/** Reads the end of a closed run from its history: no worker is needed. */
export async function resultOf(temporal: Temporal, run: RunName): Promise<Ended> {
  try {
    const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId, { followRuns: false });
    return { result: (await temporal.within(5000, () => handle.result())) as RunResult, problem: null };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) return { result: null, problem: null };
    const { cause } = error;
    const [details] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
    return isResult(details) ? { result: details, problem: null } : { result: null, problem: cause?.message ?? null };
  }
}

const isResult = (value: unknown): value is RunResult =>
  typeof value === 'object' && value !== null && 'verdict' in value && 'serving' in value;
