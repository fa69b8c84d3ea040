import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { askMember } from './member.ts';

/** How long the source may be silent until copying from it is given up, milliseconds. */
const patience = 20_000;

/** Does work that copies from the source, and ends it where the source is silent: a dead line is not always told to those who read from it. */
export async function whileLinked<Result>(
  source: string,
  context: StepContext,
  work: (context: StepContext) => Promise<Result>,
): Promise<Result> {
  const lost = new AbortController();
  const done = new AbortController();
  const watch = watching(source, context, AbortSignal.any([context.signal, done.signal]), lost);
  try {
    return await work({ ...context, signal: AbortSignal.any([context.signal, lost.signal]) });
  } catch (error) {
    throw lost.signal.aborted ? (lost.signal.reason as StepError) : error;
  } finally {
    done.abort();
    await watch;
  }
}

async function watching(source: string, context: StepContext, signal: AbortSignal, lost: AbortController): Promise<void> {
  for (let heard = Date.now(); !signal.aborted;) {
    const said = await askMember(context.host(source), context.system, { ...context, signal }).catch((error: StepError) => error);
    if (!(said instanceof Error)) heard = Date.now();
    else if (Date.now() - heard > patience) {
      lost.abort(
        new StepError(
          'source-lost',
          `PostgreSQL on ${source} has been silent for ${patience / 1_000} s while it was copied from: ${said.message}`,
          'later',
          5_000,
        ),
      );
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 2_000);
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}
