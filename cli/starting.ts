import type { Kind } from '../plan/plan.ts';
import type { RunInput } from '../workflows/wire.ts';
import { optional, required, text } from './arguments.ts';
import { begin, startOptions } from './begin.ts';
import type { Arguments, Command } from './command.ts';
import { usage } from './failure.ts';

/** A command that starts a run of one kind for a system, or of every system of a site. `more`: what else goes into the run's input. */
export function starting(
  kind: Kind,
  words: Pick<Command, 'summary' | 'usage'> & Partial<Pick<Command, 'options'>>,
  more: (args: Arguments) => Promise<Partial<RunInput>> = async () => ({}),
): Command {
  return {
    name: kind,
    summary: words.summary,
    usage: words.usage,
    options: {
      ...words.options,
      ...(kind === 'restore' ? {} : { site: { type: 'string', value: 'SITE', help: sites[kind] } as const }),
      ...startOptions,
      runbook: { type: 'string', value: 'NAME', help: `Needed only where a system has several runbooks for a ${kind}.` },
    },
    async run(args) {
      const site = wantedSite(args, kind);
      if (site !== undefined) return await begin(args, kind, { ...(await ofSite(args, site)), ...(await more(args)) });
      const system = required(args, kind, 'system');
      const runbook = text(args, 'runbook');
      const further = await more(args);
      const { lookUp, parameters } = await import('./look-up.ts');
      const found = await lookUp(args, { system, kind, runbook });
      return await begin(args, kind, {
        system,
        ...further,
        ...(runbook === undefined ? {} : { runbook }),
        ...parameters(args, found?.runbook),
      });
    },
  };
}

const sites: Readonly<Record<Exclude<Kind, 'restore'>, string>> = {
  failover: 'Every system that serves there, tier by tier, in one run; instead of a system.',
  failback: 'Every system that can return there, tier by tier, in one run; instead of a system.',
  backup: 'Every system that serves there, in one run; instead of a system.',
};

/** The site that is named in place of a system. Throws where both are, or what only a run of one system takes. */
export function wantedSite(args: Arguments, command: string): string | undefined {
  const site = text(args, 'site');
  if (site === undefined) return undefined;
  const system = optional(args, command);
  if (system !== undefined)
    throw usage(`--site ${site} and the system ${system} exclude each other.`, 'Name the one system, or the site for all of its systems.');
  for (const option of ['runbook', 'param'])
    if (args.values[option] !== undefined)
      throw usage(`--${option} is for a run of one system, and --site ${site} is for many.`, 'Name the one system instead of the site.');
  return site;
}

async function ofSite(args: Arguments, site: string): Promise<Pick<RunInput, 'system' | 'site'>> {
  const [{ lookUpSite }, { siteSystem }] = await Promise.all([import('./look-up.ts'), import('../plan/site.ts')]);
  await lookUpSite(args, site);
  return { system: siteSystem(site), site };
}
