import type { Shortfall } from '../../../workflows/wire.ts';
import type { Answer, Question } from './ask.ts';
import type { Local } from './of-site.ts';
import type { Planned } from './planned.ts';
import { preflightOf, type Seen } from './preflight-of.ts';

/** Codes of what is as it is because this site serves: a member's role, and data that comes to be where it is served. */
const ofNow =
  /^(?:not-primary|not-standby|not-streaming|not-replicating|not-a-replica|already-promoted|two-primaries|wrong-role|serves|nothing-there|no-backup|no-automated-backups)$/u;

/** Every preflight that this site would carry out, in either direction; what several steps ask alike is asked once. */
export function preflightQuestions({ planned, worker, looking }: Local): Question[] {
  const here = planned.filter(({ action }) => action.at === worker);
  const different = new Map(here.map((one) => [JSON.stringify([one.action.uses, one.action.with, one.before, one.now]), one]));
  return [...different.values()].map((one) => ({
    subject: subjectOf(one, worker),
    ask: async (signal) => told(one, neededBy(one, here), await preflightOf(one, looking(signal))),
  }));
}

/** Every step that does the same, whatever comes before it there: what is wrong with one is wrong with all. */
function neededBy({ action, now }: Planned, all: readonly Planned[]): readonly string[] {
  const what = JSON.stringify([action.uses, action.with]);
  const same = all.filter((one) => one.now === now && JSON.stringify([one.action.uses, one.action.with]) === what);
  return [...new Set(same.map(({ plan: { runbook }, node }) => `${runbook} (${node.id})`))];
}

/** What is acted on, and not for which runbook: one thing that is wrong is one finding. */
function subjectOf({ plan, node, action }: Planned, worker: string): string {
  const { host, site } = action.with;
  const on = typeof host === 'string' ? ` on ${host}` : typeof site === 'string' ? ` at ${site}` : ` of ${plan.runbook} ${node.id}`;
  return `${action.uses}${on}${site === worker ? '' : ` from ${worker}`}`;
}

function told({ now, plan }: Planned, needed: readonly string[], seen: Seen): Answer {
  if (seen.ok) return { seen: seen.lines };
  if (!now && ofNow.test(seen.code)) return { seen: [`Not to be judged before ${plan.source.site} serves: ${seen.text}`] };
  const when = now ? '' : `, once ${plan.source.site} serves`;
  const problem: Shortfall = { code: seen.code, weight: 'must', text: `${seen.text} Needed by ${needed.join(', ')}${when}.` };
  return { problems: [problem] };
}
