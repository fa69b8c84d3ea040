import type { HostFacts } from '../plan/plan.ts';
import type { Facts, FactsInput } from '../workflows/wire.ts';
import type { Asker } from './asker.ts';
import type { Caller } from './aws/client.ts';
import { atRisk, type Asked } from './facts/at-risk.ts';
import type { Ask } from './facts/locate.ts';
import { factsOfRds, regionOf } from './facts/of-rds.ts';
import { askProbe } from './facts/probe.ts';
import { probe, viewpoints } from './facts/viewpoints.ts';
import { askMember } from './postgres/member.ts';
import { controllerOf } from './power/controller.ts';
import { sight } from './sight.ts';

export { locate, type Ask, type Located } from './facts/locate.ts';

/**
 * What a gate shows of the world as one viewpoint sees it: the data at risk, who sees the source dead, and each host's
 * last sign of life. Everything is asked side by side; about 3 s at the most. Only reads, and never throws for what is silent.
 */
export async function facts(input: FactsInput, viewpoint: string, ask: Ask): Promise<Facts> {
  const { system } = input;
  const from: Asker = { secret: (reference) => ask.secret(reference), viewpoint, ...(ask.signal && { signal: ask.signal }) };
  const caller: Caller = { aws: (site) => ask.aws(site), run: ask.run, signal: ask.signal ?? new AbortController().signal };
  if (!system.postgres && system.rds) return factsOfRds(system.rds, input, from, caller);
  if (!system.postgres) return factsOfRest(input, from, caller);
  const { members } = system.postgres;
  const source = hostOf(input, members[input.source.site]);
  const target = hostOf(input, members[input.target.site]);
  const [sourceIs, targetIs, probed, power, sourceSight, targetSight] = await Promise.all([
    askMember(source, system, from).catch(message) satisfies Promise<Asked>,
    askMember(target, system, from).catch(message) satisfies Promise<Asked>,
    askProbe(system, from),
    source.power
      ? Promise.resolve()
          .then(() => controllerOf(source, from).state())
          .catch(message)
      : `The inventory names no controller for ${source.name}.`,
    sight(source, system, viewpoint).catch(message),
    sight(target, system, viewpoint).catch(message),
  ]);
  const seen: Record<string, string> = typeof probed === 'string' ? {} : { ...probed.seen };
  for (const [host, look] of [
    [source, sourceSight],
    [target, targetSight],
  ] as const)
    if (typeof look !== 'string' && look.alive) seen[host.name] = look.at;
  return {
    ...atRisk({ name: source.name, is: sourceIs }, { name: target.name, is: targetIs }, probed),
    viewpoints: viewpoints({ source, sourceIs, targetName: target.name, targetIs, probed, power, sight: sourceSight, viewpoint }),
    seen,
  };
}

/** A system without a database has none whose loss could be read. */
async function factsOfRest(input: FactsInput, from: Asker, caller: Caller): Promise<Facts> {
  const { system, source } = input;
  const probed = await askProbe(system, from);
  const known = input.aws?.[source.site] !== undefined;
  return {
    atRisk: null,
    atRiskText: 'loss unknown',
    viewpoints: known ? [probe({ probed, source: { name: source.site } }), await regionOf(source.site, caller)] : [],
    seen: typeof probed === 'string' ? {} : probed.seen,
  };
}

function hostOf(input: FactsInput, name: string | undefined): HostFacts {
  const host = name === undefined ? undefined : input.hosts[name];
  if (host) return host;
  throw new Error(`The plan has no facts of the host ${name ?? `of ${input.system.name}`}.`);
}

function message(error: unknown): string {
  return (error as Error).message;
}
