import type { PlanHeader, PlanNode } from '../plan/plan.ts';
import type { Entry } from './journal.ts';
import type { RunRecord } from './schema/run.ts';
import type { Walked } from './steps.ts';
import { ms } from './time.ts';

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
export function rehearsedObjectives({ time }: Rehearsal, plan: PlanHeader | null): RunRecord['objectives'] {
  const promised = plan?.objectives.recoveryTime ?? null;
  const result = time === null ? 'not measured' : promised === null ? 'no objective' : time <= promised ? 'met' : 'missed';
  const why = 'From the first step of the runbook to the last, on copies; the time until it is begun, and users, are not in it.';
  return [{ name: 'recovery time', promised, measured: time, result, why }];
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

function timeOf(walked: readonly Walked[], added: ReadonlySet<string>): number | null {
  const own = walked.filter(({ id, kind, outcome, from, to }) => kind === 'step' && outcome === 'done' && from && to && !added.has(id));
  if (own.length === 0) return null;
  return Math.max(...own.map(({ to }) => ms(to!))) - Math.min(...own.map(({ from }) => ms(from!)));
}
