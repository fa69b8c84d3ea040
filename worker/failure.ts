import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { ZodError, prettifyError } from 'zod';
import { StepError } from '../activities/error.ts';
import { PlanError } from '../plan/problem.ts';

/** Turns what a step threw into what the server acts on: retried, retried later, or straight to people. */
export function failure(error: unknown, cancelled: boolean): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (cancelled) return new CancelledFailure('cancelled');
  if (error instanceof StepError) {
    return ApplicationFailure.create({
      message: error.message,
      type: error.code,
      nonRetryable: error.remedy === 'person' || error.remedy === 'mistake',
      ...(error.delay === undefined ? {} : { nextRetryDelay: error.delay }),
      ...(error.remedy === 'later' ? { category: ApplicationFailureCategory.BENIGN } : {}),
    });
  }
  if (error instanceof PlanError) return ApplicationFailure.nonRetryable(error.message, 'plan');
  if (error instanceof ZodError) return ApplicationFailure.nonRetryable(prettifyError(error), 'input');
  return ApplicationFailure.create({ message: error instanceof Error ? error.message : String(error), type: 'unexpected' });
}
