import { account } from '../aws/account.ts';
import type { Caller } from '../aws/client.ts';
import { StepError } from '../error.ts';
import { limited } from '../limit.ts';

/** How long an answer may take, and the login before it, milliseconds. */
const within = { answer: 2_000, login: 3_000 };

/**
 * Asks AWS at a site and does not wait for what does not come.
 * The account is read first: in a wrong one nothing is found, and that would look as if it were gone.
 */
export async function promptly<Answer>(site: string, caller: Caller, ask: (caller: Caller) => Promise<Answer>): Promise<Answer> {
  try {
    await account(site, soon(caller, within.login));
    return await ask(soon(caller, within.answer));
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
    throw new StepError('aws-lost', `AWS at ${site} gives no answer within ${within.answer / 1_000} s.`);
  }
}

function soon(caller: Caller, milliseconds: number): Caller {
  return { ...caller, signal: limited(caller.signal, milliseconds) };
}
