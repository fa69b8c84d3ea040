import type { Kind } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';

/** So many may fail, one after another. */
const most = 10;

/**
 * Makes a resource by a call that takes a token, and returns its id. AWS answers a token with what it made first, also when that
 * was removed long ago, for it had failed: then the next token is taken. `make` is given what tells the tokens apart.
 */
export async function anew<State>(
  { kind, site, isGone, make }: { kind: Kind<State>; site: string; isGone(state: State): boolean; make(variant: string): Promise<string> },
  context: StepContext,
): Promise<string> {
  for (let variant = 0; variant < most; variant++) {
    const id = await make(String(variant));
    const state = await shown(kind, id, site, context);
    if (state !== undefined && !isGone(state)) return id;
  }
  throw new StepError('made-in-vain', `${most} times an ${kind.name} was made at ${site} for this step, and none is left.`, 'person');
}

/** Its state. What was made a moment ago may not be shown yet. */
async function shown<State>(kind: Kind<State>, id: string, site: string, context: StepContext): Promise<State | undefined> {
  for (let wait = 500; ; wait *= 2) {
    const state = (await kind.describe([id], site, context)).get(id);
    if (state !== undefined || wait > 2_000) return state;
    await beating(context, context.sleep(wait));
  }
}
