import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import type { Controller } from './controller.ts';

/** How long a machine may take to follow its button, milliseconds. */
const patience = 10_000;

/** Presses once and waits until the controller reads back what was wanted. */
export async function becomes(wanted: 'on' | 'off', controller: Controller, host: HostFacts, context: StepContext): Promise<void> {
  const deadline = Date.now() + patience;
  let lost: StepError | undefined;
  try {
    await beating(context, controller.press(wanted));
  } catch (error) {
    // An answer that was lost says nothing of the press: the state decides.
    if (!(error instanceof StepError) || error.remedy !== 'again') throw error;
    lost = error;
  }
  for (let wait = 50; ; wait = Math.min(wait * 1.5, 500)) {
    const { state, word } = await beating(context, controller.state());
    if (state === wanted) return;
    if (lost && Date.now() > deadline - patience / 2) throw lost;
    if (Date.now() > deadline) {
      throw new StepError(
        'power-unchanged',
        `The controller of ${host.name} took the order "${wanted}" and still says ${word} after ${patience / 1_000} s.`,
      );
    }
    await context.sleep(wait);
  }
}
