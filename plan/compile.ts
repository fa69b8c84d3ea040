import { analyse } from './analyse.ts';
import type { Analysis } from './analysis.ts';
import { finish } from './draft.ts';
import { hostFacts, notifyFacts, siteFacts } from './facts.ts';
import { heaviest } from './graph.ts';
import { bytes, largestPage } from './lint/limits.ts';
import { sealed } from './paginate.ts';
import type { HostFacts, Objectives, Plan, PlanHeader, PlanNode } from './plan.ts';
import { PlanError, printProblem } from './problem.ts';
import type { CompileInput } from './scope.ts';

export type { CompileInput } from './scope.ts';

/** Makes a plan of a runbook. Pure: the same input gives the same plan, with the same digest. Throws a {@link PlanError} with all problems. */
export function compile(input: CompileInput): Plan {
  const { scope, analysis } = analyse(input, false);
  if (analysis === undefined || scope.problems.list.length > 0) throw new PlanError(scope.problems.sorted());
  const steps = stepsOf(analysis);
  const header = sealed(headerOf(input, analysis), steps);
  if (bytes(header) > largestPage) {
    scope.problems.add(
      input.runbook,
      ['steps'],
      `the plan names more hosts than a run can carry in ${largestPage / 1024} KiB`,
      'split the runbook',
    );
    throw new PlanError(scope.problems.sorted());
  }
  return { ...header, steps };
}

function stepsOf({ drafts, needs, order, reach }: Analysis): PlanNode[] {
  const remaining = heaviest(needs, order, (node) => drafts[node]!.expected);
  const provers = drafts.filter(({ ways }) => ways.some(({ action }) => action.provides.length > 0));
  return drafts.map((draft) => {
    const requires = draft.ways.flatMap(({ action }) => action.requires);
    const proofs = provers.filter(
      ({ index, ways }) =>
        reach.leads(index, draft.index) && ways.some(({ action }) => action.provides.some((kind) => requires.includes(kind))),
    );
    return finish(
      draft,
      remaining[draft.index]!,
      proofs.map(({ id }) => id),
    );
  });
}

function headerOf(
  { runbook, inventory, source, target, revision }: CompileInput,
  { drafts, scope }: Analysis,
): Omit<PlanHeader, 'digest' | 'pages'> {
  const { ui } = inventory.data.temporal ?? {};
  const hosts: { [name: string]: HostFacts } = {};
  for (const name of Object.values(scope.system!.postgres?.members ?? {})) hosts[name] = hostFacts(inventory.data, name)!;
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
    ...(ui === undefined ? {} : { ui }),
    warnings: scope.warnings.sorted().map(printProblem),
  };
}

function objectivesOf(written: CompileInput['runbook']['data']['objectives']): Objectives {
  const { 'recovery-time': time, 'recovery-point': point, outage } = written;
  return {
    ...(time === undefined ? {} : { recoveryTime: time }),
    ...(point === undefined ? {} : { recoveryPoint: point }),
    ...(outage === undefined ? {} : { outage }),
  };
}
