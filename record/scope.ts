import type { Json, PlanHeader } from '../plan/plan.ts';
import type { RunRecord } from './schema/run.ts';
import type { Walked } from './steps.ts';

type Base = Pick<RunRecord, 'system' | 'kind' | 'source' | 'target' | 'verdict' | 'modes'>;

/** What was assumed to have happened, or had. */
export function scenarioOf(
  { system, kind, source, target, verdict, modes }: Base,
  plan: PlanHeader | null,
  cause: Json | undefined,
): RunRecord['scenario'] {
  const mode = modes.at(-1)?.mode;
  const moves = kind === 'failover' || kind === 'failback';
  const test = plan?.rehearsal ? 'rehearsal' : kind === null ? 'readiness' : !moves ? kind : mode === 'unplanned' ? 'recovery' : 'exercise';
  const way = source === null || target === null || source === target ? '' : ` from ${source} to ${target}`;
  const what = kind === null ? `look at ${plan?.system.name ?? system}` : `${moves && mode ? `${mode} ` : ''}${kind} of ${system}${way}`;
  const said = typeof cause === 'string' ? cause : null;
  const words = `${test === 'rehearsal' ? 'rehearsal on copies: ' : ''}${what}${said === null ? '' : `; cause: ${said}`}`;
  return { test: verdict === null && kind === null ? 'recovery' : test, cause: said, words };
}

/** What the run extended to. */
export function scopeOf(system: string, plan: PlanHeader | null, walked: readonly Walked[]): RunRecord['scope'] {
  const children = walked.flatMap((step) => (step.children ?? []).map((child) => child.system));
  const sites = [plan?.source.site, plan?.target.site, ...walked.map(({ site }) => site)].filter((site) => typeof site === 'string');
  return { systems: [...new Set([system, ...children])], sites: [...new Set(sites)], hosts: Object.keys(plan?.hosts ?? {}).toSorted() };
}
