import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { Stopped, type Run } from './run.ts';

/**
 * Waits for what only reads, no longer than the run goes on.
 * @throws Stopped once the run is stopped.
 */
export async function whileGoing<T>(run: Run, work: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope();
  let over = false;
  void condition(() => over || run.stop !== null).then(() => {
    if (!over) scope.cancel();
  });
  try {
    return await scope.run(work);
  } catch (error) {
    if (run.stop !== null && isCancellation(error)) throw new Stopped();
    throw error;
  } finally {
    over = true;
  }
}
