import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { ask, type Proxy } from './runtime.ts';
import { saved, serverOf, type Server } from './server.ts';

/** What there is to know before anything is switched: only reads. */
export async function preflightOf(proxy: Proxy, names: readonly string[], context: StepContext): Promise<readonly string[]> {
  const found = await Promise.all(names.map((name) => serverOf(proxy, name, context)));
  const rights = await ask(proxy, 'show cli level', context);
  if (!rights.trim().startsWith('admin'))
    throw new StepError(
      'haproxy-level',
      `The socket ${proxy.socket} on ${proxy.host} has the level "${rights.trim().slice(0, 40)}": give it \`level admin\` in the configuration of HAProxy.`,
      'person',
    );
  return [...found.map((server) => sentence(proxy, server)), ...keeps(proxy)];
}

/** What HAProxy shows now, one sentence a server, and whether a reload keeps it. */
export async function evidenceOf(proxy: Proxy, servers: readonly Server[], context: StepContext): Promise<readonly string[]> {
  if (proxy.save !== undefined && !(await saved(proxy, context)))
    throw new StepError(
      'haproxy-not-saved',
      `${proxy.save} on ${proxy.host} does not say what HAProxy shows: a reload would bring the old state back.`,
    );
  return [...servers.map((server) => sentence(proxy, server)), ...keeps(proxy)];
}

function sentence({ host, backend }: Proxy, { name, status, sessions }: Server): string {
  return `HAProxy on ${host} shows ${backend}/${name} as ${status} with ${sessions} sessions.`;
}

function keeps({ save }: Proxy): readonly string[] {
  return save === undefined ? ['A reload of HAProxy forgets this: give `save` its server-state-file.'] : [`The state is saved in ${save}.`];
}
