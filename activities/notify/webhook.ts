import { z } from 'zod';
import { StepError } from '../error.ts';
import { notifyName } from '../fields.ts';
import { webAddress } from '../http/guard.ts';
import { note, noted } from '../note.ts';
import { step, type StepContext } from '../step.ts';
import { post } from './post.ts';

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
    const body = JSON.stringify(letter(message, context));
    const secret = entry.secret === undefined ? undefined : await context.secret(entry.secret);
    await context.stillOurs();
    const status = await post({ to, address: entry.webhook, body, key: context.key, secret }, context.signal);
    note(context, { status, at: new Date().toISOString() });
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

function entryOf(to: string, { notify }: StepContext): { readonly webhook: string; readonly secret?: string } {
  const { webhook, secret } = (Object.hasOwn(notify, to) ? notify[to] : undefined) ?? {};
  if (webhook !== undefined) return { webhook, ...(secret === undefined ? {} : { secret }) };
  const known = Object.keys(notify).filter((name) => notify[name]!.webhook !== undefined);
  throw new StepError(
    'unknown-recipient',
    `The inventory has no "${to}" with a webhook under \`notify\`: it has ${known.join(', ') || 'nobody'}.`,
    'mistake',
  );
}
