import { analyse } from './analyse.ts';
import type { Analysis } from './analysis.ts';
import { childPlans } from './child-plans.ts';
import type { ChildPlan } from './child-plans.ts';
import { finish } from './draft.ts';
import { hostFacts, siteFacts } from './facts.ts';
import { heaviest } from './graph.ts';
import { bytes, largestPage } from './lint/limits.ts';
import { notifyFacts } from './notify-facts.ts';
import { sealed } from './paginate.ts';
import type { HostFacts, Objectives, Plan, PlanHeader, PlanNode, RehearsalFacts } from './plan.ts';
import { PlanError, printProblem } from './problem.ts';
import { decide, decideOn, isLeftOut, withDefaults, type Decision } from './rehearsal/decide.ts';
import { differs } from './rehearsal/differs.ts';
import type { CompileInput } from './scope.ts';

type Decisions = ReadonlyMap<string, Decision>;

export type { CompileInput } from './scope.ts';

/** Makes a plan of a runbook. Pure: the same input gives the same plan, with the same digest. Throws a {@link PlanError} with all problems. */
export function compile(input: CompileInput): Plan {
  return compileWhole(input).plan;
}

export interface Whole {
  readonly plan: Plan;
  /** Plans of the children of each branch, in order. */
  readonly children: ReadonlyMap<string, readonly Plan[]>;
}

/** The same, with the plans of its child runs. */
export function compileWhole(input: CompileInput): Whole {
  const { scope, analysis } = analyse(input, false);
  if (analysis === undefined || scope.problems.list.length > 0) throw new PlanError(scope.problems.sorted());
  const decisions = input.rehearsal && decide(analysis.drafts, scope);
  const base = headerOf(input, analysis, decisions);
  const children = new Map(
    analysis.drafts.flatMap((draft) =>
      draft.branch === undefined ? [] : [[draft.id, childPlans(draft.branch, base, scope, compile, decisions?.get(draft.id))] as const],
    ),
  );
  if (scope.problems.list.length > 0) throw new PlanError(scope.problems.sorted());
  const steps = stepsOf(analysis, children, decisions);
  const header = sealed(base, steps);
  if (bytes(header) > largestPage) {
    scope.problems.add(
      input.runbook,
      ['steps'],
      `the plan names more hosts than a run can carry in ${largestPage / 1024} KiB`,
      'split the runbook',
    );
    throw new PlanError(scope.problems.sorted());
  }
  const plans = [...children].map(([id, all]) => [id, all.map(({ plan }) => plan)] as const);
  return { plan: { ...header, steps }, children: new Map(plans) };
}

function stepsOf(
  { scope, drafts, needs, order, reach }: Analysis,
  children: ReadonlyMap<string, readonly ChildPlan[]>,
  decisions: Decisions | undefined,
): PlanNode[] {
  const remaining = heaviest(needs, order, (node) => expectedOf(drafts[node]!, children));
  const provers = drafts.filter(({ ways }) => ways.some(({ action }) => action.provides.length > 0));
  return drafts.map((draft) => {
    const requires = draft.ways.flatMap(({ action }) => action.requires);
    const proofs = provers.filter(
      ({ index, ways }) =>
        reach.leads(index, draft.index) && ways.some(({ action }) => action.provides.some((kind) => requires.includes(kind))),
    );
    return finish(
      decisions === undefined ? draft : heeding(draft, decisions, scope),
      remaining[draft.index]!,
      proofs.map(({ id }) => id),
      (children.get(draft.id) ?? []).map(({ child }) => child),
      decisions?.get(draft.id),
    );
  });
}

/** What left out steps would tell is not asked for, and of other ways those are kept that a rehearsal can try. */
function heeding(draft: Analysis['drafts'][number], decisions: Decisions, { system }: Analysis['scope']): Analysis['drafts'][number] {
  const { step, ways } = draft;
  if (step === undefined) return draft;
  const others = ways.slice(1).filter((made) => !isLeftOut(decideOn(made, false, system?.copies)));
  const action = { ...step.action, with: withDefaults(step.action.with, decisions) };
  return { ...draft, step: { ...step, action, else: others.map((made) => made.action) } };
}

/** Of a branch: of its longest child. */
function expectedOf({ id, expected }: Analysis['drafts'][number], children: ReadonlyMap<string, readonly ChildPlan[]>): number {
  const all = children.get(id);
  return all === undefined ? expected : Math.max(0, ...all.map(({ child }) => child.expected));
}

function headerOf(
  { runbook, inventory, source, target, revision, whole, notes = [] }: CompileInput,
  { drafts, scope }: Analysis,
  decisions: Decisions | undefined,
): Omit<PlanHeader, 'digest' | 'pages'> {
  const { ui } = inventory.data.temporal ?? {};
  const hosts: { [name: string]: HostFacts } = {};
  const { postgres, copies } = scope.system!;
  for (const name of [postgres, copies?.postgres?.original].flatMap((pair) => Object.values(pair?.members ?? {})))
    hosts[name] = hostFacts(inventory.data, name)!;
  for (const { ways } of drafts) for (const { action } of ways) Object.assign(hosts, action.hosts);
  return {
    format: 1,
    ...(revision === undefined ? {} : { revision }),
    runbook: runbook.data.runbook,
    kind: runbook.data.kind,
    description: runbook.data.description,
    system: scope.system!,
    source: { site: source },
    target: { site: target },
    hosts,
    sites: siteFacts(inventory.data),
    objectives: objectivesOf(runbook.data.objectives),
    parameters: scope.parameters,
    people: inventory.data.people,
    decisions: inventory.data.decisions,
    notify: notifyFacts(inventory.data),
    ...(inventory.data.evidence === undefined ? {} : { evidence: inventory.data.evidence }),
    ...(ui === undefined ? {} : { ui }),
    ...(whole === undefined ? {} : { whole }),
    ...(decisions === undefined ? {} : { rehearsal: rehearsalOf(drafts, decisions, scope) }),
    warnings: [...notes, ...scope.warnings.sorted().map(printProblem)],
  };
}

function rehearsalOf(drafts: Analysis['drafts'], decisions: Decisions, { input, inventory, runbook }: Analysis['scope']): RehearsalFacts {
  const { keep, expires } = inventory.data.systems[runbook.data.system]!.rehearsal;
  const gates = runbook.data.rehearsal.gates === 'ask' ? 'asked' : 'stood in for';
  const { live, places } = input.rehearsal!;
  const mode = runbook.data.kind === 'failover' ? runbook.data.rehearsal.mode : 'planned';
  return { of: live.digest, differs: differs(drafts, decisions, live, gates), mode, gates, keep, expires, places };
}

function objectivesOf(written: CompileInput['runbook']['data']['objectives']): Objectives {
  const { 'recovery-time': time, 'recovery-point': point, outage } = written;
  return {
    ...(time === undefined ? {} : { recoveryTime: time }),
    ...(point === undefined ? {} : { recoveryPoint: point }),
    ...(outage === undefined ? {} : { outage }),
  };
}
