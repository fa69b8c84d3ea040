import { createHmac } from 'node:crypto';
import { StepError } from '../error.ts';
import { request } from '../http/request.ts';

export interface Letter {
  readonly to: string;
  readonly address: string;
  /** The same bytes at every attempt: the receiver tells a repetition by its key, and its content never differs. */
  readonly body: string;
  readonly key: string;
  /** Signs it, where there is one. */
  readonly secret?: string | undefined;
}

/** Sends a message to a webhook, signed by HMAC-SHA256 in `lifeboat-signature`. Returns the status that it answered; throws where it did not take it. */
export async function post({ to, address, body, key, secret }: Letter, signal: AbortSignal): Promise<number> {
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': key,
    ...(secret !== undefined && { 'lifeboat-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }),
  };
  const { status } = await request(address, { method: 'POST', headers, body }, 5_000, signal);
  if (status < 200 || status > 299) throw refusal(to, status);
  return status;
}

function refusal(to: string, status: number): StepError {
  const text = `The webhook of ${to} answers ${status}`;
  if (status === 429) return new StepError('webhook-busy', `${text}.`, 'later', 5_000);
  if (status >= 500 || status === 408) return new StepError('webhook-failed', `${text}.`);
  return new StepError('webhook-refused', `${text}: correct its address or secret under \`notify\` in the inventory.`, 'person');
}
