import type { Run } from './run.ts';

/** What a message is about, in a sentence. */
export function subjectOf({ kind, live, mode, plan, serving, input }: Run): string {
  const what = `${mode === null ? '' : `${mode} `}${kind} of ${plan?.whole ?? input.system}`;
  if (plan === null) return `${what}.`;
  const way = plan.source.site === plan.target.site ? `at ${plan.target.site}` : `${plan.source.site} → ${plan.target.site}`;
  const now = !live || plan.whole !== undefined ? '' : serving === null ? ' No site is known to serve now.' : ` ${serving} serves now.`;
  return `${what}, ${way}, by the runbook ${plan.runbook}.${now}`;
}
