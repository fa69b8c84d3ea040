import { z } from 'zod';
import { note, noted } from '../note.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { StepError } from '../error.ts';
import { permissions, proxy, proxyName } from './fields.ts';
import { admit, become, save, serverOf, serves } from './server.ts';
import { prove } from './prove.ts';
import { evidenceOf, preflightOf } from './words.ts';

const input = z.object({ ...proxy, server: proxyName('The server that takes sessions again.') });
type Input = z.output<typeof input>;
const before = z.object({ wanted: z.enum(['ready', 'drain', 'maint']) });

export default step({
  name: 'haproxy.ready',
  summary: 'Lets a server behind HAProxy take sessions again and reads back that it does.',
  effect: 'change',
  at: 'target',
  expected: 100,
  timeout: '30 seconds',
  retry: { times: 2, wait: '1 second' },
  input,
  output: z.object({ status: z.string().describe("HAProxy's word for the server, such as `UP` or `no check`.") }),
  example: { host: 'edge', backend: 'orders', server: 'b-db', socket: '/run/haproxy/admin.sock', save: '/var/lib/haproxy/server-state' },
  permissions,

  preflight: (wanted, context) => preflightOf(wanted, [wanted.server], context),

  async execute(wanted, context) {
    const known = noted(context, before);
    note(context, known ?? { wanted: (await serverOf(wanted, wanted.server, context)).wanted });
    await admit(wanted, wanted.server, context);
    await save(wanted, context);
  },

  verify: (wanted, context) => verified(wanted, context),

  proves: true,
  async rehearse(wanted, context) {
    const { evidence, found } = await prove(wanted, [wanted.server], context);
    return { outputs: { status: found[0]!.status }, evidence };
  },

  async undo(wanted, context) {
    const known = noted(context, before);
    if (known?.wanted === 'ready') return [`${wanted.server} took sessions before; it is left so.`];
    const now = await become(wanted, wanted.server, known?.wanted ?? 'drain', context);
    await save(wanted, context);
    return [`HAProxy on ${wanted.host} shows ${wanted.server} as ${now.status} again.`];
  },
});

async function verified(wanted: Input, context: StepContext): Promise<Outcome<{ status: string }>> {
  const now = await serverOf(wanted, wanted.server, context);
  if (!serves(now))
    throw new StepError(
      'haproxy-not-ready',
      `HAProxy on ${wanted.host} shows ${wanted.server} as ${now.status}: it takes no sessions${now.wanted === 'ready' ? ', because its health check fails' : ''}.`,
      'again',
    );
  return { outputs: { status: now.status }, evidence: await evidenceOf(wanted, [now], context) };
}
