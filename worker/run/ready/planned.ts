import { types } from '../../../activities/index.ts';
import type { StepContext } from '../../../activities/step.ts';
import { compileWhole, type Whole } from '../../../plan/compile.ts';
import { own } from '../../../plan/facts.ts';
import type { InventoryFile, RunbookFile } from '../../../plan/load.ts';
import type { Action, Json, Plan, PlanNode, Step } from '../../../plan/plan.ts';
import type { Direction } from '../../../plan/scope.ts';
import { earlier } from '../../../workflows/earlier.ts';

/** A step, or another acceptable way of it, as a run of its runbook would carry it out. */
export interface Planned {
  readonly plan: Plan;
  readonly node: Step;
  readonly action: Action;
  /** What steps before it do to hosts. */
  readonly before: StepContext['earlier'];
  /** It would be needed now, as the system is served; else only once its other site serves. */
  readonly now: boolean;
}

export interface Shelf {
  readonly inventory: InventoryFile;
  readonly runbooks: readonly RunbookFile[];
  /** Where systems are worked on from and to. */
  readonly directions: ReadonlyMap<string, Direction>;
}

/** Of many like steps so many are looked at. */
const most = 50;

/**
 * A runbook as it would be carried out in this direction. Undefined where it only leads to the site that serves then. Throws where no
 * plan can be made of it.
 */
export function wholeOf(
  runbook: RunbookFile,
  { source, target }: Direction,
  { inventory, runbooks, directions }: Shelf,
): Whole | undefined {
  if (source === runbook.data.target && source !== target) return undefined;
  return compileWhole({ runbook, runbooks, inventory, types, source, target, parameters: parametersOf(runbook), directions });
}

/** The runbook's own steps, and the first of many like ones; a run of another runbook is looked at as that runbook. */
export function plannedIn({ plan, children }: Whole, now: boolean): Planned[] {
  return plan.steps.flatMap((node) => {
    const before = beforeOf(plan, node, now);
    if (node.kind === 'step') return waysOf(plan, node, before, now);
    if (node.kind !== 'branch' || node.of === 'runs') return [];
    const like = (children.get(node.id) ?? []).flatMap((child) => child.steps.map((step) => ({ child, step })));
    return like.slice(0, most).flatMap(({ child, step }) => (step.kind === 'step' ? waysOf(child, step, before, now) : []));
  });
}

/** Where another site is to serve first, members have changed their roles, and none of them is to be judged by the one it has now. */
function beforeOf(plan: Plan, node: PlanNode, now: boolean): Planned['before'] {
  if (now) return earlier(plan, node, () => false);
  const members = Object.values(plan.system.postgres?.members ?? {});
  return { promoted: members, changed: members };
}

function waysOf(plan: Plan, node: Step, before: Planned['before'], now: boolean): Planned[] {
  return [node.action, ...node.else].map((action) => ({ plan, node, action, before, now }));
}

/** Parameters that must be given, and of which neither a rehearsal nor a default tells a value. */
export function missing(runbook: RunbookFile): readonly string[] {
  const known = parametersOf(runbook);
  return Object.entries(runbook.data.parameters).flatMap(([name, { required }]) => (required && !Object.hasOwn(known, name) ? [name] : []));
}

/** What must be given and has no default is taken as a rehearsal takes it. */
function parametersOf({ data }: RunbookFile): { readonly [name: string]: Json } {
  return Object.fromEntries(
    Object.entries(data.parameters).flatMap(([name, { default: standard }]) => {
      const value = own(data.rehearsal.parameters, name) ?? standard;
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
