import { calling } from './draft-branch.ts';
import type { DraftBranch, WantedRun } from './draft-branch.ts';
import { own, systemFacts, waysOf } from './facts.ts';
import { bytes } from './lint/limits.ts';
import { sealed } from './paginate.ts';
import type { Child, HostFacts, Plan, PlanHeader, Step } from './plan.ts';
import { PlanError } from './problem.ts';
import type { CompileInput, Direction, Scope } from './scope.ts';

export interface ChildPlan {
  readonly child: Child;
  readonly plan: Plan;
}

type Base = Omit<PlanHeader, 'digest' | 'pages'>;
type Compile = (input: CompileInput) => Plan;

/**
 * One child takes so many steps, and bytes of them, at the most: its history stays short, and the inputs of as many children as are begun
 * in the same moment fit into one message to the server, which takes 4 MiB.
 */
const largestWave = { steps: 200, bytes: 96 * 1024 };

/** The plans of a branch's children; what is wrong with them is said at the branch. */
export function childPlans(
  branch: DraftBranch,
  base: Base,
  scope: Scope,
  compile: Compile,
  rehearsal?: Step['rehearsal'],
): readonly ChildPlan[] {
  // What a rehearsal leaves out has no children.
  if (typeof rehearsal === 'object') return [];
  if (branch.node.of === 'runs') return branch.runs.flatMap((run) => runPlan(run, scope, compile) ?? []);
  const wave = rehearsal === undefined ? branch.wave : branch.wave.map(({ item, step }) => ({ item, step: { ...step, rehearsal } }));
  return waves(wave).map((one, index) => wavePlan(branch, one, index, base));
}

function waves(all: DraftBranch['wave']): DraftBranch['wave'][] {
  const list: { item: string; step: Step }[][] = [];
  let room = 0;
  for (const one of all) {
    const size = bytes(one.step);
    const last = list.at(-1);
    if (last && last.length < largestWave.steps && size <= room) last.push(one);
    else {
      list.push([one]);
      room = largestWave.bytes;
    }
    room -= size;
  }
  return list;
}

function wavePlan(branch: DraftBranch, wave: DraftBranch['wave'], index: number, base: Base): ChildPlan {
  const steps = wave.map(({ step }) => step);
  const hosts: { [name: string]: HostFacts } = {};
  for (const { action, else: others } of steps) for (const one of [action, ...others]) Object.assign(hosts, one.hosts);
  for (const name of Object.values(base.system.postgres?.members ?? {})) {
    const host = own(base.hosts, name);
    if (host) hosts[name] = host;
  }
  const { whole: _, ...plain } = base;
  const header = sealed({ ...plain, description: branch.node.summary, hosts, objectives: {}, warnings: [] }, steps);
  const plan = { ...header, steps };
  return { plan, child: childOf(String(index + 1), plan, {}) };
}

function runPlan({ name, system, runbook, parameters, path }: WantedRun, scope: Scope, compile: Compile): ChildPlan | undefined {
  const direction = directionOf(system, scope);
  if (direction === undefined) {
    scope.problems.add(
      scope.runbook,
      path,
      `from where to where "${system}" is worked on is not known`,
      'see that its databases answer, or its sites are named',
    );
    return undefined;
  }
  const { input } = scope;
  // What the world says of other systems holds for the runs of a whole site; a run of a run goes the way of the one that starts it, which
  // can be told again where its plan is asked for.
  const { whole: _, directions: __, notes: ___, ...rest } = input;
  try {
    const plan = compile({ ...rest, ...direction, runbook, parameters, above: calling(scope) });
    return { plan, child: childOf(name, plan, parameters) };
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    for (const problem of error.problems.slice(0, 5)) scope.problems.put(problem);
    return undefined;
  }
}

function directionOf(system: string, scope: Scope): Direction | undefined {
  const known = scope.input.directions?.get(system);
  if (known !== undefined) return known;
  const { source, target } = scope;
  if (system === scope.runbook.data.system) return { source, target };
  const facts = systemFacts(scope.inventory.data, system);
  const ways = facts === undefined ? [] : waysOf(facts);
  const same = ways.find(([from, to]) => from === source && to === target);
  const way = same ?? (ways.length === 1 || scope.draft ? ways[0] : undefined);
  return way === undefined ? undefined : { source: way[0], target: way[1] };
}

function childOf(name: string, plan: Plan, parameters: Child['parameters']): Child {
  return {
    name,
    system: plan.system.name,
    kind: plan.kind,
    runbook: plan.runbook,
    source: plan.source.site,
    target: plan.target.site,
    parameters,
    digest: plan.digest,
    steps: plan.steps.length,
    expected: Math.max(0, ...plan.steps.map(({ remaining }) => remaining)),
  };
}
