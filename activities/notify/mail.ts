import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import type { Recipient } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { asMail, type Message } from './message.ts';

type Email = NonNullable<Recipient['email']>;

/** Each, in milliseconds. */
const patience = { connectionTimeout: 5_000, greetingTimeout: 5_000, dnsTimeout: 5_000, socketTimeout: 8_000 } as const;

/**
 * Sends an e-mail by SMTP. A password is sent over an encrypted connection only, but to this machine. The Message-ID is made of the
 * key, so that mailboxes know a repetition. Returns what the server answered; throws where it did not take the message for anybody.
 */
export async function mail(
  name: string,
  email: Email,
  password: string | undefined,
  message: Message,
  signal: AbortSignal,
): Promise<string> {
  const { hostname, port, protocol } = new URL(email.server);
  const host = hostname.replace(/^\[|\]$/gu, '');
  const secure = protocol === 'smtps:';
  const transport = createTransport({
    host,
    port: Number(port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && password !== undefined && !/^(?:127\.|localhost$|::1$)/u.test(host),
    ...(email.user === undefined || password === undefined ? {} : { auth: { user: email.user, pass: password } }),
    disableFileAccess: true,
    disableUrlAccess: true,
    ...patience,
  });
  const end = (): void => transport.close();
  signal.addEventListener('abort', end, { once: true });
  try {
    const { accepted, rejected } = await transport.sendMail({
      from: email.from,
      to: [...email.to],
      ...asMail(message),
      messageId: `<${createHash('sha256').update(message.key).digest('hex').slice(0, 40)}@${email.from.split('@')[1]}>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'Idempotency-Key': message.key },
    });
    const refused = rejected.length === 0 ? '' : `; it refused ${rejected.length} of ${accepted.length + rejected.length} addresses`;
    return `The mail server of ${name} took it${refused}.`;
  } catch (error) {
    throw failure(name, host, error as Refusal);
  } finally {
    signal.removeEventListener('abort', end);
    transport.close();
  }
}

type Refusal = Error & { readonly code?: string; readonly responseCode?: number };

/** What the server said in words may repeat what it was told: only its number is passed on. */
function failure(name: string, host: string, { code = '', responseCode, message }: Refusal): StepError {
  const server = `The mail server of ${name} (${host})`;
  const fix = 'correct it under `notify` in the inventory';
  if (code === 'EAUTH' || code === 'ENOAUTH') return new StepError('mail-login', `${server} refuses the login: ${fix}.`, 'person');
  if (code === 'ETLS' || /certificate|self.signed/iu.test(message))
    return new StepError('mail-certificate', `${server} offers no encryption that can be trusted.`, 'person');
  if (responseCode !== undefined && responseCode >= 500)
    return new StepError('mail-refused', `${server} refuses the message (${responseCode}): ${fix}.`, 'person');
  if (responseCode !== undefined)
    return new StepError('mail-busy', `${server} does not take the message now (${responseCode}).`, 'later', 30_000);
  return new StepError('mail-unreachable', `${server} cannot be reached (${code || 'no reason given'}).`);
}
