import { modesOf, runsIn } from './analysis.ts';
import type { Analysis } from './analysis.ts';
import { draftNode } from './draft.ts';
import { ancestors, sort } from './graph.ts';
import type { Reach } from './graph.ts';
import { didYouMean } from './nearest.ts';
import type { Mode } from './plan.ts';
import { scopeOf } from './scope.ts';
import type { CompileInput, Scope } from './scope.ts';
import { tellEmulated } from './lint/endpoint.ts';
import { checkKind } from './lint/kind.ts';
import { checkLimits, mostSteps } from './lint/limits.ts';
import { checkReferences } from './lint/references.ts';
import { checkRegion } from './lint/region.ts';
import { checkSafety } from './lint/safety.ts';
import { advise } from './lint/advice.ts';

/** Looks everything up and applies every rule; problems and warnings are in the scope. Undefined where there is no order. */
export function analyse(input: CompileInput, draft: boolean): { readonly scope: Scope; readonly analysis: Analysis | undefined } {
  const scope = scopeOf(input, draft);
  const { runbook } = scope;
  const count = runbook.data.steps.length;
  if (input.whole === undefined) checkKind(scope);
  if (count > mostSteps) {
    scope.problems.add(
      runbook,
      ['steps', mostSteps],
      `a runbook of ${count} steps outgrows one run`,
      `split it: at most ${mostSteps} steps`,
    );
    return { scope, analysis: undefined };
  }
  const drafts = runbook.data.steps.map((_, index) => draftNode(index, scope));
  const needs = needsOf(scope);
  const { order, cycles } = sort(needs);
  for (const cycle of cycles) {
    const ids = [...cycle, cycle[0]!].map((index) => drafts[index]!.id);
    const shown = ids.length > 12 ? [...ids.slice(0, 6), '…', ...ids.slice(-5)] : ids;
    scope.problems.add(
      runbook,
      [...drafts[cycle[0]!]!.path, 'needs'],
      `the steps wait for each other: ${shown.join(' → ')}`,
      'remove one of these from `needs`',
    );
  }
  if (cycles.length > 0) return { scope, analysis: undefined };
  const modes = modesOf(runbook.data.kind);
  const inMode = (mode: Mode): [string, Reach] => [mode, ancestors(needs, order, (node) => runsIn(drafts[node]!, mode))];
  const analysis = { scope, drafts, needs, order, modes, reach: ancestors(needs, order), reachIn: Object.fromEntries(modes.map(inMode)) };
  checkReferences(analysis);
  checkSafety(analysis);
  checkRegion(analysis);
  checkLimits(analysis);
  advise(analysis);
  tellEmulated(analysis);
  return { scope, analysis };
}

function needsOf(scope: Scope): number[][] {
  const ids = [...scope.ids.keys()];
  return scope.runbook.data.steps.map(({ needs }, index) =>
    [...new Set(needs)].flatMap((id) => {
      const before = scope.ids.get(id);
      if (before === undefined)
        scope.problems.add(
          scope.runbook,
          ['steps', index, 'needs', needs.indexOf(id)],
          `there is no step "${id}"`,
          didYouMean(id, ids, 'steps'),
        );
      return before ?? [];
    }),
  );
}
