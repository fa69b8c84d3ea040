import type { StepType } from '../activities/step.ts';
import { analyse } from './analyse.ts';
import type { Analysis } from './analysis.ts';
import { inCircle } from './draft-branch.ts';
import { systemFacts, waysOf } from './facts.ts';
import { tellNoCopy } from './lint/copies.ts';
import { checkPlaces } from './lint/places.ts';
import type { InventoryFile, RunbookFile } from './load.ts';
import type { Problem } from './problem.ts';
import { Problems } from './problem.ts';
import type { Scope } from './scope.ts';

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
  /** All of the folder: those that it may call. */
  readonly runbooks?: readonly RunbookFile[];
}): Findings {
  const problems = new Problems();
  const warnings = new Problems();
  for (const [source, target] of directions(input)) {
    const { scope, analysis } = analyse({ ...input, source, target }, true);
    for (const problem of circles(scope, analysis)) problems.put(problem);
    for (const problem of scope.problems.list) problems.put(problem);
    for (const warning of scope.warnings.list) warnings.put(warning);
    if (analysis !== undefined) tellNoCopy(analysis, warnings);
  }
  checkPlaces(input.inventory, input.runbook.data.system, problems);
  return { problems: problems.sorted(), warnings: warnings.sorted() };
}

/** Where the runbooks that it calls come back to one that leads to them. */
function circles({ input, runbook }: Scope, analysis: Analysis | undefined): readonly Problem[] {
  const called = (analysis?.drafts ?? []).flatMap(({ branch }) => branch?.runs ?? []);
  const further = new Set(
    called.map((run) => run.runbook).filter(({ data }) => data.steps.some((step) => 'uses' in step && step.uses === 'runbook')),
  );
  return [...further].flatMap((next) => {
    const inner = analyse({ ...input, runbook: next, above: [...(input.above ?? []), runbook] }, true);
    return [...inner.scope.problems.list.filter(({ message }) => message.startsWith(inCircle)), ...circles(inner.scope, inner.analysis)];
  });
}

/** Every way in which the system can be worked on; where the inventory says none, between its first sites. */
function directions({ runbook, inventory }: { readonly runbook: RunbookFile; readonly inventory: InventoryFile }) {
  const system = systemFacts(inventory.data, runbook.data.system);
  const ways = system === undefined ? [] : waysOf(system, runbook.data.target);
  const [first = '', second = first] = Object.keys(inventory.data.sites);
  return ways.length > 0 ? ways : [[first, second] as const];
}
