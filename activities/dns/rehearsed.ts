import { nameFor } from '../aws/token.ts';
import { StepError } from '../error.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { authoritative, list } from './change.ts';
import { mayUpdate, put } from './nsupdate.ts';
import type { Input } from './update-input.ts';

/** How long resolvers may keep a name of a rehearsal, seconds. */
const briefly = 5;

/**
 * The same change of a name that no client asks for, and that only this step of this run gives. Names of rehearsals have a subdomain of
 * their own, so that a zone's `update-policy` can grant them in one line.
 */
export function rehearsed(wanted: Input, context: StepContext): Input {
  return { ...wanted, name: `${nameFor(context, 'run')}.lifeboat-rehearsal.${wanted.zone}`, ttl: Math.min(wanted.ttl, briefly) };
}

/** Refused, it is the rehearsal that may not: of the name that clients use it is known by now that the key may change it. */
export async function mayRehearse(own: Input, { key, zone, type }: Input, context: StepContext): Promise<void> {
  await beating(context, mayUpdate(own, context)).catch((error: unknown) => {
    if (!(error instanceof StepError) || error.code !== 'dns-refused') throw error;
    throw new StepError(
      'dns-no-rehearsal',
      `The key ${key} may not change names that a rehearsal uses: add \`grant ${key} subdomain lifeboat-rehearsal.${zone}. ${type};\` to the \`update-policy\` of ${zone}.`,
      'person',
    );
  });
}

/** Takes the name of a rehearsal away, and reads that it is gone. Nothing where it is. */
export async function remove(own: Input, context: StepContext): Promise<readonly string[]> {
  if ((await beating(context, authoritative(own))).values.length === 0) return [];
  await context.stillOurs();
  await beating(context, put(own, null, context));
  const { values } = await beating(context, authoritative(own));
  if (values.length === 0) return [`${own.server} has no ${own.type} record of ${own.name} any more.`];
  throw new StepError('not-swept', `${own.server} still says that ${own.name} is ${list(values)}.`, 'later', 2_000);
}
