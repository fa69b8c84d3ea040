import type { Analysis } from '../analysis.ts';
import { own } from '../facts.ts';
import type { Late } from '../plan.ts';

/** Domains of AWS's own endpoints. Source: docs.aws.amazon.com/general/latest/gr/rande.html */
const amazons = /(?:^|\.)(?:amazonaws\.com(?:\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)$/u;

/** What a run shows of an emulator it does not show of AWS: plan, record and report say so. */
export function tellEmulated({ scope, drafts }: Analysis): void {
  const { inventory, source, target } = scope;
  const named = drafts.flatMap(({ ways }) => ways.flatMap(({ action }) => [action.at, ...textsIn(action.with)]));
  for (const site of new Set([source, target, ...named])) {
    const { kind, endpoint } = own(inventory.data.sites, site) ?? {};
    if (kind !== 'aws' || endpoint === undefined || amazons.test(new URL(endpoint).hostname)) continue;
    scope.warnings.add(
      inventory,
      ['sites', site, 'endpoint'],
      `AWS at ${site} is ${endpoint}, and not AWS itself`,
      `what a run shows there, instances and all, it shows of that only; without \`endpoint\` it works on AWS`,
    );
  }
}

function textsIn(value: Late): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap((part) => textsIn(part as Late)) : [];
}
