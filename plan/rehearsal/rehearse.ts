import { compileWhole, type Whole } from '../compile.ts';
import { systemFacts } from '../facts.ts';
import { checkPlaces } from '../lint/places.ts';
import type { Plan } from '../plan.ts';
import { PlanError, Problems } from '../problem.ts';
import type { CompileInput } from '../scope.ts';
import { copiesOf } from './copies.ts';
import { rehearsalInventory } from './inventory.ts';
import { placesOf } from './places.ts';
import { rehearsalRunbook } from './runbook.ts';

/** Makes the plan of a rehearsal: the same runbook against copies. Throws a {@link PlanError}, also where no live plan can be made, or its copies would lie in the way of what is in service. Pure. */
export function rehearse(input: CompileInput): Whole {
  const { inventory, target } = input;
  const { system: name, rehearsal } = input.runbook.data;
  const { rehearsal: _, ...live } = input;
  const given = { ...live, parameters: { ...rehearsal.parameters, ...input.parameters } };
  const { plan, children } = compileWhole(given);
  const problems = new Problems();
  checkPlaces(inventory, name, problems);
  if (problems.list.length > 0) throw new PlanError(problems.sorted());
  const facts = systemFacts(inventory.data, name)!;
  const all = [plan, ...[...children.values()].flat()];
  const { copies, added } = copiesOf(input, facts);
  return compileWhole({
    ...given,
    inventory: rehearsalInventory(inventory, name, target),
    runbook: rehearsalRunbook(input.runbook, added),
    rehearsal: { live: plan, copies, places: placesOf(inventory, name, target, new Set(all.flatMap(sitesOf))) },
  });
}

/** Where its steps are carried out: what they make lies there. */
function sitesOf({ steps }: Pick<Plan, 'steps'>): readonly string[] {
  return steps.flatMap((node) => (node.kind === 'step' ? [node.action.at] : []));
}
