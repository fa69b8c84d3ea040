import type { PlanHeader } from '../plan/plan.ts';
import type { DecisionRecord, QuestionRecord, RunRecord } from './schema/run.ts';

type Participant = RunRecord['participants'][number];
type How = Participant['how'];

interface Source {
  readonly plan: PlanHeader | null;
  readonly startedBy: RunRecord['startedBy'];
  readonly modes: RunRecord['modes'];
  readonly decisions: readonly DecisionRecord[];
}

/** Everybody who took part, in the order in which they first did. */
export function participants({ plan, startedBy, modes, decisions }: Source): Participant[] {
  const acts = [
    { name: startedBy.by, how: startedBy.how, did: 'started the run' },
    ...decisions.map(({ by, how, choice, question, counts, note }) => ({
      name: by,
      how,
      did: `${choice}${question === '' ? '' : ` ${question}`}${counts ? '' : ` (did not count: ${note})`}`,
    })),
    ...modes.slice(1).map(({ by, mode }) => ({ name: by, how: 'stated' as const, did: `made it ${mode}` })),
  ];
  const names = [...new Set(acts.map(({ name }) => name))];
  return names.map((name) => {
    const own = acts.filter((act) => act.name === name);
    return {
      name: name === '' ? 'somebody' : name,
      how: best(own.map(({ how }) => how)),
      roles: rolesOf(name, plan),
      did: own.map(({ did }) => did),
    };
  });
}

/** Of each question that was not answered in time: who of those asked gave no decision. */
export function absences(
  plan: PlanHeader | null,
  asked: readonly QuestionRecord[],
  decided: readonly DecisionRecord[],
): RunRecord['absences'] {
  return asked.flatMap(({ id, attempt, approvers, answer, notes }) => {
    const late = notes.find((note) => note.startsWith('escalated') || note.startsWith('expired'));
    if (approvers.length === 0 || (late === undefined && answer !== null)) return [];
    const said = new Set(decided.filter((one) => one.question === id && one.attempt === attempt).map(({ by }) => by));
    const names = [...new Set(approvers.flatMap((role) => plan?.people[role] ?? []))].filter((name) => !said.has(name));
    return names.length === 0 ? [] : [{ question: id, roles: [...approvers], names, why: late ?? 'the question was never answered' }];
  });
}

function rolesOf(name: string, plan: PlanHeader | null): string[] {
  return Object.entries(plan?.people ?? {}).flatMap(([role, names]) => (names.includes(name) ? [role] : []));
}

const order: readonly How[] = ['attested', 'stated', 'anonymous'];
const best = (all: readonly How[]): How => order.find((how) => all.includes(how)) ?? 'anonymous';
