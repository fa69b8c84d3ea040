import type { Whole } from './compile.ts';
import type { Action, Plan } from './plan.ts';
import { copies, document, type Policy, type Purpose } from './policy.ts';

export type { Policy, Purpose } from './policy.ts';

/** What a role needs at one AWS site for a runbook, and no more. */
export interface SitePolicy {
  readonly site: string;
  readonly region: string;
  readonly account: string | null;
  readonly role: string | null;
  readonly policy: Policy;
}

/** IAM actions by AWS site. */
type Needs = { readonly [site: string]: readonly string[] };
/** What is to be allowed, as the step types tell it. */
export interface Needed {
  ofStep(action: Action, plan: Plan): Needs;
  ofRun(plan: Plan): Needs;
}

/** What is to be allowed at a site, and the regions that it copies from. */
interface Grant {
  readonly actions: Set<string>;
  readonly from: Set<string>;
}

/**
 * The least that each site's role needs for runs of these plans, whichever of them it is. A live role removes only what Lifeboat
 * made; a rehearsal's makes only what is tagged as a rehearsal's, and changes nothing else.
 */
export function policies(wholes: readonly Whole[], needed: Needed, purpose: Purpose): readonly SitePolicy[] {
  const grants = new Map<string, Grant>();
  const grantOf = (site: string): Grant => {
    const known = grants.get(site) ?? { actions: new Set(), from: new Set() };
    grants.set(site, known);
    return known;
  };
  const plans = wholes.flatMap(({ plan, children }) => [plan, ...[...children.values()].flat()]);
  for (const plan of plans) {
    for (const [site, actions] of Object.entries(needed.ofRun(plan))) for (const action of actions) grantOf(site).actions.add(action);
    for (const action of actionsOf(plan)) {
      const needs = Object.entries(needed.ofStep(action, plan));
      for (const [site, actions] of needs) {
        const grant = grantOf(site);
        for (const one of actions) grant.actions.add(one);
        if (actions.some((one) => copies.test(one))) for (const [other] of needs) grant.from.add(plan.sites[other]?.aws?.region ?? '');
      }
    }
  }
  const facts = Object.assign({}, ...plans.map(({ sites }) => sites)) as Plan['sites'];
  return [...grants].flatMap(([site, { actions, from }]) => {
    const aws = facts[site]?.aws;
    if (!aws || actions.size === 0) return [];
    const { region, account = null, role } = aws;
    const regions = [...new Set([region, ...from].filter((one) => one !== ''))].sort();
    const policy = document([...actions].sort(), { region, regions, role: role?.arn ?? '*' }, purpose);
    return [{ site, region, account, role: role?.arn ?? null, policy }];
  });
}

function actionsOf({ steps }: Plan): readonly Action[] {
  return steps.flatMap((node) => (node.kind === 'step' && typeof node.rehearsal !== 'object' ? [node.action, ...node.else] : []));
}
