import { isAws } from '../aws/error.ts';
import { noteAlso } from '../note.ts';
import type { StepContext } from '../step.ts';

/** How long it waits before it tries again, milliseconds. */
const pause = 5_000;

/**
 * Starts a copy, and waits for room where the region makes as many at once as it may: 20 of snapshots, 100 of images.
 * What is refused so took no effect. `begin` MUST look whether it still may change something each time.
 * Source: docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
 */
export async function whenRoom<Answer>(site: string, begin: () => Promise<Answer>, context: StepContext): Promise<Answer> {
  for (;;) {
    try {
      return await begin();
    } catch (error) {
      if (!isAws(error, 'ResourceLimitExceeded', 'ConcurrentSnapshotLimitExceeded')) throw error;
    }
    const until = Date.now() + pause * (0.75 + Math.random() / 2);
    do {
      noteAlso(context, { saying: `${site} makes as many copies at once as it may: this one waits for room.` });
      await context.sleep(1_000);
    } while (Date.now() < until);
  }
}
