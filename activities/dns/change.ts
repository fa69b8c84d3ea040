import { z } from 'zod';
import { StepError } from '../error.ts';
import { beating, note, noted } from '../note.ts';
import type { Outcome, StepContext } from '../step.ts';
import { askServer, type Answer } from './ask.ts';
import { canonical } from './fields.ts';
import { swap } from './nsupdate.ts';
import { goal, type Input } from './update-input.ts';

/** How long resolvers may take to give the new answer beyond the old one's time to live, seconds. */
const margin = 5;

export const output = z.object({
  old: z.string().nullable().describe('The value before; null: not known any more, because another attempt had changed it.'),
  ttl: z.int().describe('How long resolvers may keep the new answer, seconds.'),
  'settled-at': z.string().describe('When every resolver gave the new answer, ISO time.'),
  'clients-by': z
    .string()
    .describe(
      'When the last client that had just asked for the old answer must have asked anew, ISO time: the change and the old time to live.',
    ),
});
/** What was there before the change, and when it was changed. */
export const before = z.object({ old: z.string().nullable(), oldTtl: z.number().nullable(), changedAt: z.string().nullable() });

/** Changes the record where it still has the value that is expected, and waits for nothing. */
export async function change(wanted: Input, context: StepContext): Promise<void> {
  const to = goal(wanted);
  const at = await beating(context, authoritative(wanted));
  const known = noted(context, before);
  // Whoever changed it already, it is as it should be: it is adopted.
  if (at.values.length !== 1 || at.values[0] !== to) {
    const from = wanted.from === undefined ? at.values[0] : canonical(wanted.type, wanted.from);
    if (from === undefined) throw missing(wanted);
    if (at.values.length > 1) throw several(wanted, at);
    if (at.values[0] !== from) throw moved(wanted, from, at);
    note(context, { old: from, oldTtl: at.ttl, changedAt: null });
    await context.stillOurs();
    if ((await beating(context, swap({ ...wanted, from, to }, context))) === 'other-value') {
      const now = await authoritative(wanted);
      if (now.values[0] !== to) throw moved(wanted, from, now);
    }
    note(context, { old: from, oldTtl: at.ttl, changedAt: new Date().toISOString() });
  } else if (!known) note(context, { old: null, oldTtl: null, changedAt: null });
}

/** What the zone's primary itself says. */
export async function authoritative({ server: primary, name, type }: Input): Promise<Answer> {
  const answer = await askServer(primary, name, type);
  if (answer.error === undefined) return answer;
  throw new StepError('dns-unreachable', `The name server ${primary} was asked for ${name}, and ${answer.error}.`);
}

/** Waits until every resolver gives the new answer, or the old one must have been forgotten. */
export async function settle(wanted: Input, oldTtl: number, context: StepContext): Promise<void> {
  for (const until = Date.now() + (oldTtl + margin) * 1_000; Date.now() < until;) {
    const answers = await beating(context, Promise.all(wanted.resolvers.map((one) => askServer(one, wanted.name, wanted.type))));
    if (answers.every((answer) => gives(answer, wanted))) return;
    await context.sleep(200);
  }
}

export async function verified(wanted: Input, context: StepContext): Promise<Outcome<z.output<typeof output>>> {
  const [at, ...answers] = await beating(
    context,
    Promise.all([authoritative(wanted), ...wanted.resolvers.map((one) => askServer(one, wanted.name, wanted.type))]),
  );
  const now = new Date();
  if (at.values.length !== 1 || at.values[0] !== goal(wanted))
    throw new StepError('dns-not-updated', `${wanted.server} says that ${wanted.name} is ${list(at.values)}, not ${goal(wanted)}.`);
  const late = answers.filter((answer) => !gives(answer, wanted));
  if (late.length > 0)
    throw new StepError(
      'dns-not-settled',
      `${wanted.name} is ${goal(wanted)} at ${wanted.server}, but not yet everywhere: ${late.map((one) => sentence(one, wanted)).join(' ')}`,
    );
  const known = noted(context, before);
  const changed = known?.changedAt ? Date.parse(known.changedAt) : now.getTime();
  return {
    outputs: {
      old: known?.old ?? null,
      ttl: at.ttl ?? wanted.ttl,
      'settled-at': now.toISOString(),
      'clients-by': new Date(Math.max(changed + (known?.oldTtl ?? wanted.ttl) * 1_000, now.getTime())).toISOString(),
    },
    evidence: [at, ...answers].map((one) => sentence(one, wanted)),
  };
}

function gives(answer: Answer, wanted: Input): boolean {
  return answer.values.length === 1 && answer.values[0] === goal(wanted);
}

export function sentence({ server: asked, values, error }: Answer, { name }: Input): string {
  return error === undefined ? `${asked} says that ${name} is ${list(values)}.` : `${asked} was asked for ${name}, and ${error}.`;
}

export function list(values: readonly string[]): string {
  return values.join(' and ') || 'nothing';
}

export function moved(wanted: Input, from: string, { values }: Answer): StepError {
  return new StepError(
    'dns-moved-on',
    `${wanted.name} is ${list(values)} and not ${from}: somebody else has changed it, so nothing was. Find out who, then correct \`from\` or skip the step.`,
    'person',
  );
}

export function several(wanted: Input, { values }: Answer): StepError {
  return new StepError(
    'dns-several',
    `${wanted.name} has ${values.length} values (${list(values)}): this step changes a name that has one.`,
    'mistake',
  );
}

export function missing({ name, type, server: primary }: Input): StepError {
  return new StepError('dns-missing', `${primary} has no ${type} record of ${name}: create it first, then retry.`, 'person');
}
