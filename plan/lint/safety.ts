import type { Analysis } from '../analysis.ts';
import { runsIn } from '../analysis.ts';
import type { Draft } from '../draft.ts';
import type { Mode } from '../plan.ts';

/** What is refused because it could end with two primaries, with none, or with nobody having agreed. */
export function checkSafety(analysis: Analysis): void {
  const grave = analysis.drafts.filter((draft) => graveness(draft, analysis) !== undefined);
  const gates = analysis.drafts.filter(({ gate }) => gate !== undefined);
  for (const draft of grave) checkGated(draft, gates, analysis);
  for (const gate of gates) checkExpiry(gate, grave, analysis);
  for (const draft of analysis.drafts) {
    checkProofs(draft, analysis);
    checkAlternatives(draft, analysis);
    checkSource(draft, analysis);
  }
}

/** Why people must agree to a step first; undefined where they need not. */
function graveness({ ways }: Draft, { scope }: Analysis): string | undefined {
  const some = (test: (way: Draft['ways'][number]['action']) => boolean): boolean => ways.some(({ action }) => test(action));
  if (some(({ promotes }) => promotes)) return 'promotes the target';
  if (some(({ provides }) => provides.includes('fence'))) return 'cuts the source off';
  if (some(({ effect }) => effect === 'destroy')) return 'destroys data';
  if (some(({ commits }) => commits)) return 'cannot be taken back';
  const moves = scope.runbook.data.kind === 'failover' || scope.runbook.data.kind === 'failback';
  return moves && some(({ outage }) => outage) ? 'stops the service' : undefined;
}

function checkGated(draft: Draft, gates: readonly Draft[], analysis: Analysis): void {
  const { scope, modes, reachIn, reach } = analysis;
  for (const mode of modes) {
    if (!runsIn(draft, mode)) continue;
    if (gates.some((gate) => !gate.conditional && runsIn(gate, mode) && reachIn[mode]!.leads(gate.index, draft.index))) continue;
    const hidden = gates.find((gate) => !gate.conditional && runsIn(gate, mode) && reach.leads(gate.index, draft.index));
    const conditional = gates.find((gate) => gate.conditional && reach.leads(gate.index, draft.index));
    const why = hidden
      ? `: between "${hidden.id}" and it stands a step that is left out then`
      : conditional
        ? `: "${conditional.id}" has an \`if\` and may not ask`
        : '';
    const candidate = hidden ?? gates.find((gate) => !gate.conditional && runsIn(gate, mode) && !reach.leads(draft.index, gate.index));
    scope.problems.add(
      scope.runbook,
      draft.path,
      `"${draft.id}" ${graveness(draft, analysis)}, and no gate precedes it${inMode(mode, modes)}${why}`,
      candidate === undefined
        ? 'add a step with `gate:` and name it in `needs`'
        : `add "${candidate.id}" to the \`needs\` of "${draft.id}"`,
    );
    return;
  }
}

function checkExpiry(gate: Draft, grave: readonly Draft[], analysis: Analysis): void {
  const { scope, reach } = analysis;
  if (gate.gate!.onExpiry.then !== 'proceed') return;
  const behind = grave.find((draft) => reach.leads(gate.index, draft.index));
  if (behind === undefined) return;
  const written = scope.runbook.data.steps[gate.index]!;
  const path = [...gate.path, 'on-expiry', ...('on-expiry' in written && typeof written['on-expiry'] === 'object' ? ['then'] : [])];
  scope.problems.add(
    scope.runbook,
    path,
    `the gate "${gate.id}" would proceed by itself, and "${behind.id}" behind it ${graveness(behind, analysis)}`,
    'write `abort`: silence is no approval',
  );
}

/** A step that requires a proof has a step before it that is sure to provide one. */
function checkProofs(draft: Draft, analysis: Analysis): void {
  const { scope, drafts, modes, reachIn, reach } = analysis;
  const requires = [...new Set(draft.ways.flatMap(({ action }) => action.requires))];
  if (requires.length === 0) return;
  for (const mode of modes) {
    if (!runsIn(draft, mode)) continue;
    const provides = (other: Draft): boolean => other.ways[0]?.action.provides.some((kind) => requires.includes(kind)) ?? false;
    const sure = (other: Draft): boolean => !other.conditional && runsIn(other, mode) && provides(other);
    if (drafts.some((other) => sure(other) && reachIn[mode]!.leads(other.index, draft.index))) continue;
    const candidates = drafts.filter((other) => sure(other) && !reach.leads(draft.index, other.index));
    const candidate = candidates.find((other) => !reach.leads(other.index, draft.index)) ?? candidates[0];
    const wants = requires.join(' or ');
    const types = [...scope.types.values()].filter(({ provides: kinds = [] }) => kinds.some((kind) => requires.includes(kind)));
    scope.problems.add(
      scope.runbook,
      draft.path,
      `"${draft.id}" requires a proof that the source cannot write (${wants}), and no step before it is sure to provide one${inMode(mode, modes)}`,
      candidate === undefined
        ? `add a step before it that provides one (${types.map(({ name }) => name).join(', ') || wants}) and name it in \`needs\``
        : `add "${candidate.id}" to the \`needs\` of "${draft.id}"`,
    );
  }
}

/** Another way must prove what the first one proves, else the steps behind lose their proof. */
function checkAlternatives(draft: Draft, { scope }: Analysis): void {
  const [first, ...others] = draft.ways;
  for (const other of others)
    for (const kind of first!.action.provides)
      if (!other.action.provides.includes(kind))
        scope.problems.add(
          scope.runbook,
          [...draft.path, 'else'],
          `${other.action.uses} provides no ${kind}, and "${draft.id}" is there to provide one`,
          `name a type that provides a ${kind}`,
          'key',
        );
}

/** When the source is lost, nothing may depend on what is there. */
function checkSource(draft: Draft, { scope }: Analysis): void {
  if (scope.runbook.data.kind !== 'failover' || !runsIn(draft, 'unplanned') || scope.source === scope.target) return;
  const [first, ...others] = draft.ways;
  if (first === undefined || first.action.at !== scope.source) return;
  const fence = first.action.provides.includes('fence');
  if (fence && others.some(({ action }) => action.at !== scope.source)) return;
  scope.problems.add(
    scope.runbook,
    draft.path,
    `"${draft.id}" is carried out at the source, which is lost when the run is unplanned`,
    fence
      ? 'name another proof under `else:`, or carry it out `at: ${{ target.site }}`'
      : 'add `only: planned`, or carry it out `at: ${{ target.site }}`',
  );
}

function inMode(mode: Mode, modes: readonly Mode[]): string {
  return modes.length > 1 ? ` in ${mode} mode` : '';
}
