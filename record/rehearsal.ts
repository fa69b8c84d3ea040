import type { PlanHeader, PlanNode } from '../plan/plan.ts';
import { length } from './interval.ts';
import type { Entry } from './journal.ts';
import type { RunRecord } from './schema/run.ts';
import type { Walked } from './steps.ts';
import { between } from './time.ts';

type Rehearsal = NonNullable<RunRecord['rehearsal']>;

interface Source {
  readonly plan: PlanHeader | null;
  readonly planned: readonly PlanNode[];
  readonly journal: readonly Entry[];
  readonly walked: readonly Walked[];
}

/** What a rehearsal tried, and what is left of it; null: it was a live run. */
export function rehearsalOf({ plan, planned, journal, walked }: Source): Rehearsal | null {
  const facts = plan?.rehearsal;
  if (facts === undefined) return null;
  const swept = journal.findLast((e) => e.what === 'swept');
  return {
    of: facts.of,
    gates: facts.gates,
    differs: facts.differs.map((one) => ({ ...one })),
    proved: walked.filter(({ outcome }) => outcome === 'done').map((one) => provedBy(one, planned)),
    time: timeOf(walked, new Set(facts.differs.flatMap(({ step, how }) => (how === 'added' ? [step] : [])))),
    cleanUp:
      swept === undefined
        ? null
        : {
            at: swept.at,
            removed: [...swept.removed],
            left: [...swept.left],
            unseen: [...swept.unseen],
            keptUntil: swept.keptUntil,
          },
  };
}

/** The objectives as far as a rehearsal can hold them against anything: it loses no data, and moves nobody. */
export function rehearsedObjectives(
  { time }: Rehearsal,
  plan: PlanHeader | null,
  walked: readonly Pick<Walked, 'kind' | 'outcome'>[],
): RunRecord['objectives'] {
  const promised = plan?.objectives.recoveryTime ?? null;
  const name = 'recovery time';
  const whole = walked.every(({ kind, outcome }) => kind === 'gate' || outcome === 'done' || outcome === 'left out');
  // A part that took too long tells of the whole, one that did not tells nothing.
  if (time === null || (!whole && !(promised !== null && time > promised))) {
    const why = time === null ? 'No step of the runbook was done.' : 'Not every step of the runbook was done.';
    return [{ name, promised, measured: null, result: 'not measured', why }];
  }
  const result = promised === null ? 'no objective' : time <= promised ? 'met' : 'missed';
  const why = 'For so long steps of the runbook worked, on copies; the time until it is begun, people and users are not in it.';
  return [{ name, promised, measured: time, result, why }];
}

/** What it found, each under the id that it has in all rehearsals; then what is only to be known. */
export function rehearsalFindings(journal: readonly Entry[]): RunRecord['findings'] {
  return journal.flatMap((e) =>
    e.what === 'found' ? [{ weight: e.found.weight, text: `${e.found.subject}: ${e.found.text}`, id: e.id }] : [],
  );
}

function provedBy({ id, kind, evidence, note }: Walked, planned: readonly PlanNode[]): Rehearsal['proved'][number] {
  const node = planned.find((one) => one.id === id);
  const byReading = node !== undefined && node.kind !== 'gate' && node.rehearsal === 'proves';
  return {
    step: id,
    how: kind === 'gate' ? 'by people' : byReading ? 'by reading' : 'on a copy',
    seen: kind === 'gate' ? [note] : [...evidence],
  };
}

/** For how long any step of the runbook worked: what was waited for meanwhile, people or a copy, is not in it. The workflow counts the same. */
function timeOf(walked: readonly Walked[], added: ReadonlySet<string>): number | null {
  const own = walked.filter(({ id, kind, outcome }) => kind === 'step' && outcome === 'done' && !added.has(id));
  const worked = own.flatMap(({ from, to }) => (from && to ? [between(from, to)] : []));
  return worked.length === 0 ? null : length(worked);
}
