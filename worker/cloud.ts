import { StepError } from '../activities/error.ts';
import type { Ask } from '../activities/facts/locate.ts';
import type { AwsFacts, PlanHeader } from '../plan/plan.ts';

/** How the AWS sites of an inventory are asked, in a session named after who asks. */
export function cloudOf(sites: { readonly [site: string]: AwsFacts }, workflowId: string): Pick<Ask, 'aws' | 'run'> {
  return {
    run: { workflowId },
    aws(site) {
      const facts = Object.hasOwn(sites, site) ? sites[site] : undefined;
      if (facts) return facts;
      throw new StepError('unknown-site', `The inventory has no AWS site ${site}.`, 'mistake');
    },
  };
}

/** The AWS sites among all. */
export function awsSites(sites: PlanHeader['sites']): { readonly [site: string]: AwsFacts } {
  return Object.fromEntries(Object.entries(sites).flatMap(([site, { aws }]) => (aws ? [[site, aws]] : [])));
}
