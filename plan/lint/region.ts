import type { Analysis } from '../analysis.ts';
import { runsIn } from '../analysis.ts';
import { own } from '../facts.ts';

/** What needs the control plane of the region that is lost cannot be done when it is needed. */
export function checkRegion({ scope, drafts }: Analysis): void {
  const { runbook, inventory, source, target, types } = scope;
  const region = own(inventory.data.sites, source)?.region;
  if (runbook.data.kind !== 'failover' || region === undefined || source === target) return;
  const free = types.has('route53.switch') ? ', or use route53.switch, which changes no record' : '';
  for (const draft of drafts) {
    const leaning = draft.ways.find(({ type }) => type.leansOn === region);
    // Another way, which does not lean on it, may carry the step when this one fails.
    if (leaning === undefined || !runsIn(draft, 'unplanned') || draft.ways.some(({ type }) => type.leansOn !== region)) continue;
    scope.problems.add(
      runbook,
      draft.path,
      `"${draft.id}" (${leaning.type.name}) needs the control plane of ${region}, which is lost with "${source}" when the run is unplanned`,
      `add \`only: planned\`${free}`,
    );
  }
}
