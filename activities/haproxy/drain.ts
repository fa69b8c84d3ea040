import { z } from 'zod';
import { StepError } from '../error.ts';
import { note, noted } from '../note.ts';
import { step } from '../step.ts';
import { permissions, proxy, proxyName } from './fields.ts';
import { become, save, serverOf } from './server.ts';
import { prove } from './prove.ts';
import { evidenceOf, preflightOf } from './words.ts';

const before = z.object({ wanted: z.enum(['ready', 'drain', 'maint']) });

export default step({
  name: 'haproxy.drain',
  summary: 'Gives a server behind HAProxy no new sessions and waits for those it has to end.',
  effect: 'change',
  at: 'target',
  expected: 1_000,
  timeout: '10 minutes',
  retry: { times: 2, wait: '1 second' },
  input: z.object({
    ...proxy,
    server: proxyName('The server that gets no new sessions.'),
    wait: z
      .number()
      .min(0)
      .max(500)
      .default(0)
      .describe('How long sessions that are open may take to end, seconds; those left then go on.'),
  }),
  output: z.object({
    status: z.string().describe("HAProxy's word for the server: `DRAIN` or `MAINT`."),
    sessions: z.int().describe('Sessions that were still open at the end, a count.'),
  }),
  example: { host: 'edge', backend: 'orders', server: 'a-db', socket: '/run/haproxy/admin.sock', wait: 30 },
  permissions,

  preflight: (wanted, context) => preflightOf(wanted, [wanted.server], context),

  async execute(wanted, context) {
    const known = noted(context, before);
    const now = await serverOf(wanted, wanted.server, context);
    note(context, known ?? { wanted: now.wanted });
    // In maintenance it gets no sessions either: that is left so.
    if (now.wanted === 'ready') await become(wanted, wanted.server, 'drain', context);
    await save(wanted, context);
    for (const until = Date.now() + wanted.wait * 1_000; Date.now() < until;) {
      if ((await serverOf(wanted, wanted.server, context)).sessions === 0) return;
      context.heartbeat();
      await context.sleep(Math.max(0, Math.min(200, until - Date.now())));
    }
  },

  async verify(wanted, context) {
    const now = await serverOf(wanted, wanted.server, context);
    if (now.wanted === 'ready')
      throw new StepError(
        'haproxy-not-drained',
        `HAProxy on ${wanted.host} shows ${wanted.server} as ${now.status}: it gets new sessions.`,
      );
    return { outputs: { status: now.status, sessions: now.sessions }, evidence: await evidenceOf(wanted, [now], context) };
  },

  proves: true,
  async rehearse(wanted, context) {
    const { evidence, found } = await prove(wanted, [wanted.server], context);
    return { outputs: { status: found[0]!.status, sessions: found[0]!.sessions }, evidence };
  },

  async undo(wanted, context) {
    const was = noted(context, before)?.wanted ?? 'ready';
    if (was !== 'ready') return [`${wanted.server} got no sessions before either; it is left so.`];
    const now = await become(wanted, wanted.server, 'ready', context);
    await save(wanted, context);
    return [`HAProxy on ${wanted.host} shows ${wanted.server} as ${now.status} again.`];
  },
});
