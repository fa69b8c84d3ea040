import type { StepType } from '../activities/step.ts';
import { analyse } from './analyse.ts';
import { pairOf } from './facts.ts';
import type { InventoryFile, RunbookFile } from './load.ts';
import type { Problem } from './problem.ts';
import { Problems } from './problem.ts';

export interface Findings {
  /** What is refused: the runbook does not compile. */
  readonly problems: readonly Problem[];
  /** What is allowed and should be known. */
  readonly warnings: readonly Problem[];
}

/** Checks a runbook whichever of its sites serves, without asking the world. Parameters that must be given are taken as given. */
export function lint(input: {
  readonly runbook: RunbookFile;
  readonly inventory: InventoryFile;
  readonly types: readonly StepType[];
}): Findings {
  const problems = new Problems();
  const warnings = new Problems();
  for (const [source, target] of directions(input)) {
    const { scope } = analyse({ ...input, source, target }, true);
    for (const problem of scope.problems.list) problems.put(problem);
    for (const warning of scope.warnings.list) warnings.put(warning);
  }
  return { problems: problems.sorted(), warnings: warnings.sorted() };
}

/** Every way in which the system can move; for one that stays, its sites. */
function directions({ runbook, inventory }: { readonly runbook: RunbookFile; readonly inventory: InventoryFile }): [string, string][] {
  const members = pairOf(inventory.data, runbook.data.system);
  const known = members.length > 0 ? members : Object.keys(inventory.data.sites);
  const [first, second = first] = known;
  if (first === undefined || second === undefined) return [['', '']];
  if (members.length === 0) return [[first, second]];
  const pairs = members.flatMap((source) =>
    members.filter((target) => target !== source).map((target): [string, string] => [source, target]),
  );
  return pairs.length > 0 ? pairs : [[first, first]];
}
