import type { HostFacts } from '../../plan/plan.ts';
import type { Facts, FactsInput } from '../../workflows/wire.ts';
import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import { postgresOf } from '../postgres/connect.ts';
import { askMember } from '../postgres/member.ts';
import { controllerOf } from '../power/controller.ts';
import { sight } from '../sight.ts';
import { atRisk, type Asked } from './at-risk.ts';
import { askProbe } from './probe.ts';
import { viewpoints, type Seen } from './viewpoints.ts';

/** Everything a gate shows of the source, asked side by side: what would be lost, and who sees it dead. About 2 s at the most. */
export async function look({ system, source, target, hosts }: FactsInput, ask: Asker): Promise<Facts> {
  const members = postgresOf(system).members;
  const [from, to] = [hosts[members[source.site]!]!, hosts[members[target.site]!]!];
  const [sourceIs, targetIs, probed, power, seen] = await Promise.all([
    member(from, { system, ask }),
    member(to, { system, ask }),
    askProbe(system, ask),
    controller(from, ask),
    sight(from, system, ask.viewpoint).catch((error: unknown) => (error as Error).message),
  ]);
  const alive = typeof seen !== 'string' && seen.alive ? { [from.name]: seen.at } : {};
  return {
    ...atRisk({ name: from.name, is: sourceIs }, { name: to.name, is: targetIs }, probed),
    viewpoints: viewpoints({ source: from, sourceIs, targetName: to.name, targetIs, probed, power, sight: seen, viewpoint: ask.viewpoint }),
    seen: { ...(typeof probed === 'string' ? {} : probed.seen), ...alive },
  };
}

function member(host: HostFacts, { system, ask }: { system: FactsInput['system']; ask: Asker }): Promise<Asked> {
  return askMember(host, system, ask).catch((error: unknown) => (error as Error).message);
}

async function controller(host: HostFacts, ask: Asker): Promise<Seen['power']> {
  try {
    return await controllerOf(host, ask).state();
  } catch (error) {
    return error instanceof StepError ? error : (error as Error).message;
  }
}
