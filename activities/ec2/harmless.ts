import { StepError } from '../error.ts';
import { cannotWrite, type Harmless } from '../fence/cannot-write.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import type { Which } from './instance.ts';

/** How long a host that starts may take until it can be asked, milliseconds. */
const boots = 240_000;

/**
 * What the database of an instance says of itself: that it cannot write; whatever else it says is refused. `unasked`: there is none.
 * @param starts whether it may still be starting, and is waited for.
 * @throws StepError `still-primary`, `starts-at-boot`, `lift-unknown`.
 */
export async function harmless(
  { id, host, through }: Which & { readonly through?: string | undefined },
  starts: boolean,
  context: StepContext,
): Promise<{ readonly harmless: Harmless['harmless'] | 'unasked'; readonly text: string }> {
  if (host === undefined || !Object.values(context.system.postgres?.members ?? {}).includes(host))
    return { harmless: 'unasked', text: `${host ?? id} is no member of a pair: no database there was asked.` };
  for (const until = Date.now() + (starts ? boots : 0); ;) {
    try {
      return await beating(context, cannotWrite(host, context));
    } catch (error) {
      if (!(error instanceof StepError) || error.code !== 'lift-unknown') throw error;
      if (Date.now() >= until) throw through === undefined ? unreached(host, error) : error;
      await beating(context, context.sleep(1_000));
    }
  }
}

function unreached(host: string, { message }: StepError): StepError {
  return new StepError(
    'lift-unknown',
    `${message} Where ${host} is reached by none but the network that is cut off, name under \`through\` a security group that lets in nobody but the workers.`,
    'person',
  );
}
