import type { PlanNode } from '../plan/plan.ts';
import type { Entry } from './journal.ts';
import type { QuestionRecord, RunRecord } from './schema/run.ts';
import type { Walked } from './steps.ts';

type Deviation = RunRecord['deviations'][number];

interface Source {
  readonly journal: readonly Entry[];
  readonly planned: readonly PlanNode[];
  readonly walked: readonly Walked[];
  readonly asked: readonly QuestionRecord[];
  readonly modes: RunRecord['modes'];
}

/** In what the run differs from its plan: of the whole first, then step by step. */
export function deviations({ journal, planned, walked, asked, modes }: Source): Deviation[] {
  const changed = asked.filter(({ kind, answer }) => kind === 'plan' && answer === 'approve');
  const unlocked = journal.filter((e) => e.what === 'locked' && e.epoch === null);
  return [
    ...modes.slice(1).map(({ mode, by }): Deviation => ({ step: 'run', how: 'mode', text: `${by || 'somebody'} made it ${mode}` })),
    ...changed.map(({ title, by }): Deviation => ({ step: 'run', how: 'plan', text: `${title}; approved by ${by.join(', ')}` })),
    ...unlocked.map((e): Deviation => ({ step: 'run', how: 'lock', text: e.what === 'locked' ? e.note : '' })),
    ...walked.flatMap((one) =>
      ofStep(
        one,
        planned.find(({ id }) => id === one.id),
      ),
    ),
  ];
}

function ofStep({ id, kind, uses, outcome, note, attempts }: Walked, node: PlanNode | undefined): Deviation[] {
  const told: Deviation[] = [];
  const tell = (how: Deviation['how'], text: string): unknown => told.push({ step: id, how, text });
  const tries = attempts.reduce((sum, one) => sum + Math.max(1, one.tries ?? 1), 0);
  if (outcome === 'skipped') tell('skipped', note);
  if (outcome === 'done by hand') tell('by hand', note);
  if (outcome === 'done' && node?.kind === 'step' && uses !== node.action.uses)
    tell('another way', `by ${uses}, not by ${node.action.uses}`);
  if (outcome === 'done' && tries > 1) tell('tried again', `${tries} tries`);
  if (outcome === 'failed' || outcome === 'unfinished') tell('failed', note);
  if (outcome === 'undone') tell('undone', note);
  if (outcome === 'not reached') tell('not reached', note || 'the run ended before it');
  if (kind === 'gate' && outcome === 'done' && !note.startsWith('Approved')) tell('unanswered', note);
  return told;
}

/** The longest path of the plan without what this run leaves out, as the other mode does. Milliseconds. */
function longest(planned: readonly PlanNode[], leftOut: ReadonlySet<string>): number {
  const after = (id: string): PlanNode[] => planned.filter(({ needs }) => needs.includes(id));
  const lengths = new Map<string, number>();
  const lengthFrom = (node: PlanNode): number => {
    const known = lengths.get(node.id);
    if (known !== undefined) return known;
    const next = after(node.id);
    const own = leftOut.has(node.id) ? 0 : node.remaining - Math.max(0, ...next.map(({ remaining }) => remaining));
    const length = own + Math.max(0, ...next.map(lengthFrom));
    lengths.set(node.id, length);
    return length;
  };
  return Math.max(...planned.map(lengthFrom));
}

/** The plan against what was done. */
export function plannedAgainst({ planned, walked }: Pick<Source, 'planned' | 'walked'>, actual: number): RunRecord['planned'] {
  const mine = walked.filter(({ outcome }) => outcome !== 'left out');
  return {
    steps: mine.length,
    carriedOut: mine.filter(({ outcome }) => outcome === 'done' || outcome === 'done by hand').length,
    expected:
      planned.length === 0 ? null : longest(planned, new Set(walked.flatMap(({ id, outcome }) => (outcome === 'left out' ? [id] : [])))),
    actual,
  };
}
