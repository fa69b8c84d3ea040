import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import { nameInService } from '../in-service.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { ask, type Proxy } from './runtime.ts';
import { serverOf, type Server } from './server.ts';
import { preflightOf } from './words.ts';

/**
 * What a rehearsal proves of the proxy in front of production, by reading alone: that its socket may be used, and what its servers are
 * set to. Its runtime API has no command that tries without doing, and can make no backend in which nobody is served; so nothing is
 * switched.
 */
export async function prove(
  proxy: Proxy,
  asked: readonly string[],
  context: StepContext,
): Promise<{ readonly found: readonly Server[]; readonly evidence: readonly string[] }> {
  // No client is led to a copy: the servers are those in service.
  const names = asked.map((name) => nameInService(name, context));
  const [seen, found, version, kept] = await beating(
    context,
    Promise.all([
      preflightOf(proxy, names, context),
      Promise.all(names.map((name) => serverOf(proxy, name, context))),
      ask(proxy, 'show version', context),
      mayBeSaved(proxy, context),
    ]),
  );
  const is = `HAProxy ${/^\d\S*/u.exec(version.trim())?.[0] ?? 'of an unknown version'} on ${proxy.host} lets its socket be used as an administrator.`;
  return {
    found,
    evidence: [is, ...seen, ...kept, 'Nothing was switched: that sessions follow, only a live exercise proves.'],
  };
}

/** The state is written to a file that is there, over what it holds: nobody learns otherwise before a reload brings the old state back. */
async function mayBeSaved(proxy: Proxy, context: StepContext): Promise<readonly string[]> {
  const { host, save, as } = proxy;
  if (save === undefined) return [];
  const options = { deadline: 4_000, signal: context.signal, viewpoint: context.viewpoint, ...(as === undefined ? {} : { as }) };
  const answer = await run(context.host(host), ['test', '-f', save, '-a', '-w', save], options);
  if (answer.code === 0) return [`${save} on ${host} may be written.`];
  throw new StepError(
    'haproxy-not-saved',
    `${save} on ${host} is not there, or may not be written${as === undefined ? '' : ` by ${as}`}: the state would be lost at a reload.`,
    'person',
  );
}
