import type { Recipient } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { mail } from './mail.ts';
import { asJson, asSlack, type Message } from './message.ts';
import { post } from './post.ts';

interface Means {
  secret(reference: string): Promise<string>;
  readonly signal: AbortSignal;
}

/** Tells one recipient, in the way that the inventory says. Returns what the receiver answered; throws where it did not take it. */
export async function deliver(name: string, recipient: Recipient, message: Message, { secret, signal }: Means): Promise<string> {
  const { webhook, slack, email } = recipient;
  const resolved = async (reference: string | undefined): Promise<string | undefined> =>
    reference === undefined ? undefined : await secret(reference);
  const { key } = message;
  if (webhook !== undefined) {
    const signing = await resolved(recipient.secret);
    return answered(name, await post({ to: name, address: webhook, body: asJson(message), key, secret: signing }, signal));
  }
  if (slack !== undefined)
    return answered(name, await post({ to: name, address: address(name, await secret(slack)), body: asSlack(message), key }, signal));
  if (email !== undefined) return await mail(name, email, await resolved(email.password), message, signal);
  throw new StepError(
    'unknown-recipient',
    `The inventory says no way to tell ${name}: write \`webhook\`, \`slack\` or \`email\`.`,
    'mistake',
  );
}

const answered = (name: string, status: number): string => `The webhook of ${name} answered ${status}.`;

/** An address that is secret must not be repeated by what says that it is none. */
function address(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/u.test(url.protocol) && url.username === '' && url.password === '') return text;
  throw new StepError('not-a-web-address', `What the secret of ${name} holds is no web address: it must begin with https://.`, 'person');
}
