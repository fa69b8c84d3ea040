import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { StepError } from '../error.ts';
import { notifyName } from '../fields.ts';
import { webAddress } from '../http/guard.ts';
import { request } from '../http/request.ts';
import { note, noted } from '../note.ts';
import { step, type StepContext } from '../step.ts';

/** What an attempt knows of its delivery: a message that was sent cannot be looked up in the world. */
const delivery = z.object({ status: z.number(), at: z.string() });
const input = z.object({
  to: notifyName(),
  message: z.string().min(1).max(2_000).optional().describe('What is said. Default: the system, the mode and the two sites of the run.'),
});

export default step({
  name: 'notify.webhook',
  summary: 'Sends a signed message with a link to the run to a webhook.',
  effect: 'change',
  at: 'target',
  expected: 200,
  timeout: '30 seconds',
  retry: { times: 5, wait: '1 second' },
  input,
  output: z.object({
    status: z.number().describe('The status that the webhook answered, a number.'),
    at: z.string().describe('When it answered, ISO time.'),
  }),
  example: { to: 'on-call', message: 'orders is served from the second site.' },
  permissions: ['HTTP or HTTPS from the target site to the webhook.'],

  async preflight({ to }, context) {
    const entry = entryOf(to, context);
    if (entry.secret !== undefined) await context.secret(entry.secret);
    return [`Messages to ${to} go to ${webAddress(entry.webhook).host}${entry.secret === undefined ? ', unsigned' : ', signed'}.`];
  },

  async execute({ to, message }, context) {
    const entry = entryOf(to, context);
    // The same bytes at every attempt: the receiver tells a repetition by its key, and its content never differs.
    const body = JSON.stringify(letter(message, context));
    const secret = entry.secret === undefined ? undefined : await context.secret(entry.secret);
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': context.key,
      ...(secret !== undefined && { 'lifeboat-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }),
    };
    await context.stillOurs();
    const answer = await request(entry.webhook, { method: 'POST', headers, body }, 5_000, context.signal);
    if (answer.status < 200 || answer.status > 299) throw refusal(to, answer.status);
    note(context, { status: answer.status, at: new Date().toISOString() });
  },

  async verify({ to }, context) {
    const sent = noted(context, delivery);
    if (!sent)
      throw new StepError(
        'delivery-unknown',
        `Whether ${to} got the message cannot be looked up: retry (it carries the same key), or skip the step.`,
        'person',
      );
    return { outputs: sent, evidence: [`The webhook of ${to} answered ${sent.status} at ${sent.at}.`] };
  },

  rehearse: { none: 'A rehearsal sends no messages: those who get them could take it for the real thing.' },
  undo: { none: 'A message that was sent cannot be taken back.' },
});

function letter(message: string | undefined, context: StepContext) {
  const { run, system, source, target } = context;
  return {
    message: message ?? `${system.name}: ${run.mode} run from ${source.site} to ${target.site}.`,
    system: system.name,
    mode: run.mode,
    live: run.live,
    source: source.site,
    target: target.site,
    run: run.workflowId,
    link: run.link,
    startedAt: run.startedAt,
    step: context.step.id,
    key: context.key,
  };
}

function entryOf(to: string, context: StepContext) {
  const entry = Object.hasOwn(context.notify, to) ? context.notify[to] : undefined;
  if (entry) return entry;
  throw new StepError(
    'unknown-recipient',
    `The inventory has no "${to}" under \`notify\`: it has ${Object.keys(context.notify).join(', ') || 'nobody'}.`,
    'mistake',
  );
}

function refusal(to: string, status: number): StepError {
  const text = `The webhook of ${to} answers ${status}`;
  if (status === 429) return new StepError('webhook-busy', `${text}.`, 'later', 5_000);
  if (status >= 500 || status === 408) return new StepError('webhook-failed', `${text}.`);
  return new StepError('webhook-refused', `${text}: correct its address or secret under \`notify\` in the inventory.`, 'person');
}
