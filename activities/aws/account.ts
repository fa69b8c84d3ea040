import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { service, type Caller } from './client.ts';

/** Who changes something at AWS, for as long as it may. */
export type Changer = Caller & Pick<StepContext, 'stillOurs'>;

const known = new Map<string, Promise<string>>();
/** Longest that STS is waited for, milliseconds. */
const patience = 30_000;

/**
 * The account whose credentials are used at a site. Asked once a session.
 * @throws StepError `wrong-account` where the inventory says another.
 */
export async function account(site: string, caller: Caller): Promise<string> {
  const facts = caller.aws(site);
  const key = JSON.stringify([facts, facts.role ? caller.run.workflowId : '']);
  // Others wait for the same answer: it does not end with whoever asked first.
  const asked = known.get(key) ?? askAccount(site, { ...caller, signal: AbortSignal.timeout(patience) });
  known.set(key, asked);
  asked.catch(() => known.delete(key));
  const id = await whileWanted(asked, caller.signal);
  if (facts.account === undefined || facts.account === id) return id;
  throw new StepError(
    'wrong-account',
    `the credentials for ${site} are of account ${id}, and the inventory says ${facts.account}: use others, or take on a role there`,
    'person',
  );
}

/** MUST be awaited directly before each call that changes something at AWS. */
export async function mayChange(site: string, context: Changer): Promise<void> {
  await account(site, context);
  await context.stillOurs();
}

async function askAccount(site: string, caller: Caller): Promise<string> {
  const sts = await service('sts', site, caller);
  const { Account: id } = await sts.getCallerIdentity({});
  return id ?? '';
}

/** Fails as the SDK does where a call is aborted. */
function whileWanted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = (): Error => Object.assign(new Error('Request aborted'), { name: 'AbortError' });
  if (signal.aborted) return Promise.reject(over());
  return new Promise((resolve, reject) => {
    const end = (): void => reject(over());
    signal.addEventListener('abort', end, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}
