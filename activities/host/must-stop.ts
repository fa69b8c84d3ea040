import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/** Reasons for which the worker gives a step up that goes on elsewhere. */
const handedOver = /^(WORKER_SHUTDOWN|PAUSED|RESET)$/;
/** Reasons that do not say whether the run is over, or another attempt has taken the step. */
const unclear = /^(NOT_FOUND|TIMED_OUT)$/;

/** Whether what a step started ends with this attempt: it was cancelled, its time is up or its run is over, and no other attempt goes on with it. */
export async function mustStop(context: StepContext): Promise<boolean> {
  const reason: unknown = context.signal.reason;
  const word = reason instanceof Error ? reason.message : '';
  if (handedOver.test(word)) return false;
  if (!unclear.test(word)) return true;
  return context.stillOurs().then(
    () => false,
    (error: unknown) => error instanceof StepError && error.code === 'not-ours',
  );
}
