import type { Instance } from '@aws-sdk/client-ec2';
import { viewFrom } from '../endpoint.ts';
import { StepError } from '../error.ts';
import { greets, postgresKnock } from '../greets.ts';
import { beating } from '../note.ts';
import type { Proof, StepContext } from '../step.ts';
import type { Which } from './instance.ts';

/** What came of a knock at a port of an instance. */
export interface Knocked {
  readonly answered: boolean;
  /** ISO time. */
  readonly at: string;
  /** One sentence. */
  readonly text: string;
}

type At = Which & { readonly port?: number | undefined };

/** How long a port may still be heard after it was cut off, milliseconds. */
const grace = 2_000;
const lastAnswer = / answered before, at (\S+)\.$/;
/** Nearly everything that does not speak first answers this, or closes. */
const anyKnock = new TextEncoder().encode('HEAD / HTTP/1.0\r\n\r\n');

/** Knocks at the port as seen from the worker; undefined where none was named, or nobody knows its address. */
export async function knock(at: At, instance: Instance, context: StepContext): Promise<Knocked | undefined> {
  const { port, host } = at;
  const address = instance.PrivateIpAddress;
  if (port === undefined || (host === undefined && address === undefined)) return undefined;
  const view =
    host === undefined ? { address: address!, ports: {} } : viewFrom(context.host(host).views, context.viewpoint, `host ${host}`);
  const { system, viewpoint } = context;
  const postgres = port === system.postgres?.port || port === system.rds?.port;
  const { greets: answered, at: when, text } = await beating(context, greets(view, port, 1_000, postgres ? postgresKnock : anyKnock));
  return {
    answered,
    at: when,
    text: `Port ${port} of ${host ?? at.id} seen from ${viewpoint} at ${when}: ${answered ? 'answers' : text}.`,
  };
}

/**
 * Knocks until nobody answers. That it is silent proves something only where it answered before: then it is said when.
 * @param heard when an attempt of this step heard it; @param told the proof that is read again.
 * @throws StepError `fence-lies`.
 */
export async function silence(
  at: At,
  instance: Instance,
  heard: string | undefined,
  told: Proof | undefined,
  context: StepContext,
): Promise<readonly string[]> {
  const until = Date.now() + grace;
  let look = await knock(at, instance, context);
  while (look?.answered && Date.now() < until) {
    await context.sleep(200);
    look = await knock(at, instance, context);
  }
  if (look === undefined) return [];
  if (look.answered)
    throw new StepError(
      'fence-lies',
      `EC2 says that ${at.id} at ${at.site} is cut off, and it still answers: ${look.text} Is that the address of another machine? Nothing may be promoted.`,
      'person',
    );
  const when = heard ?? told?.evidence.map((sentence) => lastAnswer.exec(sentence)?.[1]).find((time) => time !== undefined);
  return [look.text, when === undefined ? `It was not heard before from there either.` : `It answered before, at ${when}.`];
}
