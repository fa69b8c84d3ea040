import { Context } from '@temporalio/activity';
import { StepError } from '../activities/error.ts';
import { failure } from './failure.ts';
import { limited } from '../activities/limit.ts';

/** A larger result would be retried for ever, and its side effect with it. */
const largest = 256 * 1024;
/** The server learns this often that the attempt lives, and tells it when it is cancelled. Milliseconds. */
const pulse = 500;

export interface Attempt {
  /** Aborted when the activity is cancelled, its run is over, or its time is up. */
  readonly signal: AbortSignal;
  beat(details: unknown): void;
}

/** Runs one attempt of an activity: with a pulse, a time limit, and failures the server understands. */
export async function attempt<T>(work: (attempt: Attempt) => Promise<T>): Promise<T> {
  const activity = Context.current();
  const { startToCloseTimeoutMs, heartbeatTimeoutMs } = activity.info;
  const signal = limited(activity.cancellationSignal, startToCloseTimeoutMs);
  let details: unknown = activity.info.heartbeatDetails;
  const beat = (next: unknown): void => {
    details = next ?? details;
    activity.heartbeat(details);
  };
  const timer = heartbeatTimeoutMs ? setInterval(() => beat(undefined), pulse) : undefined;
  try {
    const result = await work({ signal, beat });
    const size = JSON.stringify(result ?? null).length;
    if (size > largest)
      throw new StepError(
        'result-too-large',
        `the step's result has ${size} bytes, more than ${largest}: it must leave the detail elsewhere`,
        'mistake',
      );
    return result;
  } catch (error) {
    throw failure(error, activity.cancellationSignal.aborted);
  } finally {
    clearInterval(timer);
  }
}
