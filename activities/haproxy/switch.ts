import { z } from 'zod';
import { StepError } from '../error.ts';
import { step, type StepContext } from '../step.ts';
import { switchByHand } from './by-hand.ts';
import { permissions, proxy, proxyName } from './fields.ts';
import type { Proxy } from './runtime.ts';
import { admit, become, endSessions, save, serverOf, serves } from './server.ts';
import { prove } from './prove.ts';
import { evidenceOf, preflightOf } from './words.ts';

export default step({
  name: 'haproxy.switch',
  summary: 'Moves all sessions behind HAProxy from one server to another, never giving them to both.',
  effect: 'change',
  at: 'target',
  expected: 200,
  timeout: '30 seconds',
  retry: { times: 2, wait: '1 second' },
  input: z
    .object({
      ...proxy,
      from: proxyName('The server that gets no sessions any more; those it has are ended.'),
      to: proxyName('The server that gets them from now on.'),
    })
    .refine(({ from, to }) => from !== to, '`from` and `to` are the same server'),
  output: z.object({
    from: z.string().describe("HAProxy's word for the old server: `MAINT`."),
    to: z.string().describe("HAProxy's word for the new server, such as `UP`."),
  }),
  example: {
    host: 'edge',
    backend: 'orders',
    from: 'a-db',
    to: 'b-db',
    socket: '/run/haproxy/admin.sock',
    save: '/var/lib/haproxy/server-state',
  },
  permissions,

  preflight: (wanted, context) => preflightOf(wanted, [wanted.from, wanted.to], context),
  execute: (wanted, context) => move(wanted, wanted.from, wanted.to, context),

  async verify(wanted, context) {
    const [from, to] = await Promise.all([serverOf(wanted, wanted.from, context), serverOf(wanted, wanted.to, context)]);
    if (from.wanted !== 'maint' || from.sessions > 0)
      throw new StepError(
        'haproxy-not-switched',
        `HAProxy on ${wanted.host} shows ${from.name} as ${from.status} with ${from.sessions} sessions: it is not out.`,
      );
    if (!serves(to))
      throw new StepError('haproxy-not-ready', `HAProxy on ${wanted.host} shows ${to.name} as ${to.status}: nobody gets sessions.`);
    return { outputs: { from: from.status, to: to.status }, evidence: await evidenceOf(wanted, [from, to], context) };
  },

  proves: true,
  async rehearse(wanted, context) {
    const { evidence, found } = await prove(wanted, [wanted.from, wanted.to], context);
    return { outputs: { from: found[0]!.status, to: found[1]!.status }, evidence };
  },

  byHand: switchByHand,
  async undo(wanted, context) {
    await move(wanted, wanted.to, wanted.from, context);
    const [from, to] = await Promise.all([serverOf(wanted, wanted.from, context), serverOf(wanted, wanted.to, context)]);
    return [`HAProxy on ${wanted.host} shows ${from.name} as ${from.status} and ${to.name} as ${to.status} again.`];
  },
});

/** The old server out, its sessions ended, and only then the new one in: at every line at most one of them is given sessions. */
async function move(on: Proxy, from: string, to: string, context: StepContext): Promise<void> {
  await serverOf(on, to, context);
  await become(on, from, 'maint', context);
  await endSessions(on, from, context);
  await admit(on, to, context);
  await save(on, context);
}
