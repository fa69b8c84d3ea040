import { z } from 'zod';
import { nameField, secretField, textField, urlField } from './fields.ts';

/** Of what people can be told; who is told of something that is not proven is told too when it is again. */
export const events = ['gate', 'failure', 'finding', 'unproven', 'ended'] as const;

const email = z
  .strictObject({
    to: z.array(z.email('an e-mail address')).min(1).describe('Who gets it.'),
    from: z.email('an e-mail address').describe('Who it comes from, as the mail server accepts it.'),
    server: z
      .url({ protocol: /^smtps?$/, error: 'must be a URL such as smtp://mail.example.com:587' })
      .describe('The mail server: `smtp://HOST:PORT` (encrypted by STARTTLS), or `smtps://HOST:PORT` (encrypted from the start).'),
    user: textField('User at the mail server.').optional(),
    password: secretField('Password at the mail server, by reference.').optional(),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: '`user` and `password` go together',
    params: { fix: 'give both, or neither' },
  })
  .describe('E-mail by a server that takes mail by SMTP.');

const ways = ['webhook', 'slack', 'email'] as const;

/** Somewhere to tell people. */
export const recipient = z
  .strictObject({
    webhook: urlField('Where messages are posted as JSON.').optional(),
    secret: secretField('Key that signs what is posted to the webhook, by reference.').optional(),
    slack: secretField('Address of a Slack-compatible incoming webhook, by reference: whoever knows it can post there.').optional(),
    email: email.optional(),
    on: z
      .array(z.enum(events).describe('An event.'))
      .describe('Of what they are told: questions to people, failures, findings, what is not proven in time, ends of runs. Default: all.')
      .default([...events]),
    systems: z.array(nameField('A system.')).min(1).describe('Of which systems they are told. Default: all.').optional(),
  })
  .refine((written) => ways.filter((way) => written[way] !== undefined).length === 1, {
    error: 'people are told in one way',
    params: { fix: 'write one of `webhook`, `slack` and `email`; another way is another name' },
  })
  .refine(({ webhook, secret }) => secret === undefined || webhook !== undefined, {
    error: '`secret` signs what is posted to a webhook',
    path: ['secret'],
    params: { fix: 'take it out' },
  })
  .describe('Somewhere to tell people.');
