import type { Json, PlanHeader, PlanNode } from '../plan/plan.ts';
import { deviations, plannedAgainst } from './deviations.ts';
import type { Entry } from './journal.ts';
import { normalOf } from './normal.ts';
import { absences, participants } from './participants.ts';
import type { RunRecord } from './schema/run.ts';
import { scenarioOf, scopeOf } from './scope.ts';
import type { Walked } from './steps.ts';

type Evidence = Pick<RunRecord, 'scenario' | 'scope' | 'participants' | 'absences' | 'planned' | 'deviations' | 'normal' | 'knownFindings'>;
type Base = Omit<RunRecord, 'findings' | keyof Evidence>;

interface Source {
  readonly plan: PlanHeader | null;
  readonly planned: readonly PlanNode[];
  readonly journal: readonly Entry[];
  readonly walked: readonly Walked[];
  /** Why it was done, of the run's input. */
  readonly cause: Json | undefined;
}

/** What an auditor asks beside the course of a run: who, what for, what of it went otherwise than planned, what is left. */
export function evidenceFields(base: Base, { plan, planned, journal, walked, cause }: Source): Evidence {
  const { system, duration, waits, questions, decisions, modes } = base;
  return {
    scenario: scenarioOf(base, plan, cause),
    scope: scopeOf(system, plan, walked),
    participants: participants({ plan, ...base }),
    absences: absences(plan, questions, decisions),
    planned: plannedAgainst({ planned, walked }, duration - waits),
    deviations: deviations({ journal, planned, walked, asked: questions, modes }),
    normal: normalOf(base, walked),
    knownFindings: knownIn(journal),
  };
}

function knownIn(journal: readonly Entry[]): RunRecord['knownFindings'] {
  const locked = journal.findLast((e) => e.what === 'locked');
  return (locked?.known ?? []).map((one) => ({ ...one, word: one.word && { ...one.word } }));
}
