import type { Branch, PlanNode } from '../plan/plan.ts';
import type { ChildView, RunState, StepView } from './wire.ts';
import { goodVerdicts } from './child-run.ts';
import { isStep, type Run } from './run.ts';

/** The run as `lifeboat status` shows it. */
export function view(run: Run): RunState {
  return {
    state: run.state,
    system: run.input.system,
    ...(run.plan?.whole === undefined ? {} : { whole: run.plan.whole }),
    runbook: run.plan?.runbook ?? null,
    mode: run.mode,
    digest: run.plan?.digest ?? null,
    source: run.plan?.source.site ?? null,
    target: run.plan?.target.site ?? null,
    serving: run.serving,
    startedAt: run.startedAt,
    steps: (run.plan?.steps ?? []).map((node) => stepView(run, node)),
    questions: run.questions,
    verdict: run.ended?.verdict ?? null,
    why: run.ended?.why ?? '',
    records: run.records,
  };
}

function stepView(run: Run, node: PlanNode): StepView {
  const track = run.track(node.id);
  return {
    id: node.id,
    kind: node.kind,
    what: isStep(node) ? (track.uses === node.action.uses ? node.summary : track.uses) : node.kind === 'branch' ? node.summary : 'gate',
    state: track.state === 'waiting' && run.leftOut(node) ? 'left out' : track.state,
    site: track.site,
    attempt: track.begun,
    startedAt: track.startedAt,
    endedAt: track.endedAt,
    note: track.note,
    ...(node.kind === 'branch' ? { children: childrenOf(run, node) } : {}),
  };
}

/** As many as a screen and a payload hold: those that are not over, then those that did not end well, then the others. */
function childrenOf(run: Run, node: Branch): readonly ChildView[] {
  const rank = ({ verdict }: ChildView): number => (verdict === null ? 0 : goodVerdicts.includes(verdict) ? 2 : 1);
  return [...run.childRuns.values()]
    .filter((one) => one.node === node.id)
    .map(({ child, workflowId, startedAt, endedAt, verdict, why }) => ({
      name: child.name,
      workflowId,
      startedAt,
      endedAt,
      verdict,
      why: why.slice(0, 300),
    }))
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, 200);
}
