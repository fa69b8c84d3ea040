import { setTimeout as sleep } from 'node:timers/promises';

const failedPrecondition = 9;
const aborted = 10;
/** Milliseconds. */
const pause = 50;

/**
 * Asks a workflow by an update until it answers. Where another message came while it was to continue as new, the server gives up what
 * it was doing, and says so to whoever asked in that moment: nothing was done then.
 * @param until milliseconds since 1970.
 */
export async function repeat<T>(until: number, update: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await update();
    } catch (error) {
      if (!gaveUp(error) || Date.now() + pause > until) throw error;
      await sleep(pause);
    }
  }
}

function gaveUp(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: number; readonly cause?: { readonly code?: number } };
  return [failedPrecondition, aborted].includes(code ?? cause?.code ?? 0);
}
