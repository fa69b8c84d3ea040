import { ChoiceError, chooseRunbook } from './choose.ts';
import type { Draft } from './draft.ts';
import { conditionOf, modeOf, shared } from './draft-shared.ts';
import { own } from './facts.ts';
import type { RunbookStep } from './grammar/runbook.ts';
import { itemsOf } from './items.ts';
import type { Item } from './items.ts';
import type { RunbookFile } from './load.ts';
import { didYouMean } from './nearest.ts';
import type { Branch, Json, Step } from './plan.ts';
import type { Path } from './problem.ts';
import { resolve } from './resolve.ts';
import type { LateUse } from './resolve.ts';
import type { Scope } from './scope.ts';
import { waysOfStep } from './ways.ts';

/** A branch of a runbook, before its children are compiled. */
export interface DraftBranch {
  readonly node: Omit<Branch, 'remaining' | 'children'>;
  /** What each child does: a step for each item of a wave, or a run. */
  readonly wave: readonly { readonly item: string; readonly step: Step }[];
  readonly runs: readonly WantedRun[];
}
export interface WantedRun {
  readonly name: string;
  readonly system: string;
  readonly runbook: RunbookFile;
  readonly parameters: { readonly [name: string]: Json };
  readonly path: Path;
}

/** A step that is carried out for each of several items, or by other runs. */
export function draftBranch(raw: RunbookStep, index: number, scope: Scope): Draft {
  const path: Path = ['steps', index];
  const late: LateUse[] = [];
  const condition = conditionOf(raw, path, scope, late);
  const items = raw['for-each'] === undefined ? undefined : itemsOf(raw['for-each'], [...path, 'for-each'], scope);
  const runs = raw.uses === 'runbook' ? wantedRuns(raw, path, items, scope) : [];
  const wave = raw.uses === 'runbook' ? [] : waveOf(raw, path, items ?? [], scope, late);
  const first = wave[0];
  const node: DraftBranch['node'] = {
    kind: 'branch',
    of: raw.uses === 'runbook' ? 'runs' : 'wave',
    ...shared(raw, path, condition, scope),
    width: raw.width,
    whenItFails: failing(runs, scope),
    summary: raw.uses === 'runbook' ? summaryOf(runs) : `${raw.uses} for each of ${wave.length}`,
    ...(first === undefined ? {} : { at: first.step.action.at, uses: first.step.action.uses }),
  };
  return {
    index,
    id: raw.id,
    path,
    only: modeOf(raw),
    conditional: raw.if !== undefined,
    // Of like steps one stands for all: the rules are the same for each.
    ways: first?.ways ?? [],
    gate: undefined,
    step: undefined,
    branch: { node, wave, runs },
    late,
    // Its children say, once they are compiled.
    expected: 0,
  };
}

function summaryOf(runs: readonly WantedRun[]): string {
  const [first, ...others] = runs;
  const names = [...new Set(runs.map(({ runbook }) => runbook.data.runbook))];
  if (first !== undefined && others.length === 0) return `run ${names[0]} of ${first.system}`;
  return `${runs.length} runs of ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
}

interface Made {
  readonly item: string;
  readonly step: Step;
  readonly ways: Draft['ways'];
  readonly expected: number;
}

function waveOf(raw: RunbookStep, path: Path, items: readonly Item[], scope: Scope, late: LateUse[]): readonly Made[] {
  return items.flatMap(({ name, value }, place) => {
    if (scope.problems.full) return [];
    const inside: Scope = { ...scope, known: { ...scope.known, item: value }, item: name };
    const ways = waysOfStep(raw, path, inside, place === 0 ? late : []);
    const [first, ...others] = ways;
    if (first === undefined) return [];
    if (place === 0) refuseAlone(path, ways, scope);
    const step: Step = {
      kind: 'step',
      // No step of a runbook can have an id with a colon: keys of effects are made of it.
      id: `${raw.id}:${place + 1}`,
      needs: [],
      line: scope.runbook.at(path).line,
      remaining: first.type.expected,
      action: first.action,
      else: others.map(({ action }) => action),
      proofs: [],
      summary: name,
    };
    return [{ item: name, step, ways, expected: first.type.expected }];
  });
}

/** What concerns the one pair of the run, or asks people, is no step of many. */
function refuseAlone(path: Path, ways: Draft['ways'], scope: Scope): void {
  for (const { action } of ways)
    if (action.promotes || action.requires.length > 0 || action.provides.length > 0 || action.asks !== undefined)
      scope.problems.add(
        scope.runbook,
        [...path, 'for-each'],
        `${action.uses} cannot be carried out for each of many: it ${action.asks ? 'asks people' : 'proves, or needs a proof'}`,
        `write a step for each, or a runbook for each system with \`uses: runbook\``,
        'key',
      );
}

function wantedRuns(raw: RunbookStep, path: Path, items: readonly Item[] | undefined, scope: Scope): readonly WantedRun[] {
  const where: Path = [...path, 'with'];
  for (const field of Object.keys(raw.with))
    if (!['runbook', 'system', 'parameters'].includes(field))
      scope.problems.add(
        scope.runbook,
        [...where, field],
        `"uses: runbook" has no field "${field}"`,
        didYouMean(field, ['runbook', 'system', 'parameters'], 'its fields'),
        'key',
      );
  const runs = (items ?? [undefined]).flatMap((item) => wantedRun(raw, where, item, scope) ?? []);
  const systems = runs.map(({ system }) => system);
  const twice = systems.find((system, place) => systems.indexOf(system) !== place);
  if (twice !== undefined)
    scope.problems.add(scope.runbook, where, `two of these runs are of "${twice}", which one at a time can have`, 'name each system once');
  return runs;
}

function wantedRun(raw: RunbookStep, path: Path, item: Item | undefined, scope: Scope): WantedRun | undefined {
  const inside: Scope = item === undefined ? scope : { ...scope, known: { ...scope.known, item: item.value }, item: item.name };
  const late: LateUse[] = [];
  const read = resolve(raw.with, path, inside, late) as { readonly [field: string]: unknown };
  for (const use of late)
    scope.problems.add(
      scope.runbook,
      use.path,
      `"${use.ref.join('.')}" is known only while the run goes on`,
      'name what is known before it starts',
    );
  const { runbook: name, system = scope.runbook.data.system, parameters = {} } = read;
  if (late.length > 0 || typeof name !== 'string' || typeof system !== 'string') {
    if (late.length === 0) scope.problems.add(scope.runbook, path, 'which runbook is not said', 'write `with: { runbook: NAME }`');
    return undefined;
  }
  const runbooks = scope.input.runbooks ?? [];
  const called = runbooks.find(({ data }) => data.runbook === name);
  try {
    const runbook = chooseRunbook({ runbooks, system, kind: called?.data.kind ?? scope.runbook.data.kind, name });
    if (!mayCall(runbook, path, scope)) return undefined;
    return { name: item === undefined ? system : item.name, system, runbook, parameters: parameters as WantedRun['parameters'], path };
  } catch (error) {
    if (!(error instanceof ChoiceError)) throw error;
    scope.problems.add(scope.runbook, [...path, 'runbook'], error.message, 'name a runbook of this folder');
    return undefined;
  }
}

/** How a problem begins that is said of runbooks which lead back to one another. */
export const inCircle = 'the runbooks call each other:';

function mayCall(runbook: RunbookFile, path: Path, scope: Scope): boolean {
  const above = calling(scope);
  const { data } = runbook;
  const before = scope.problems.list.length;
  if (above.some((one) => one.data.runbook === data.runbook && one.data.system === data.system))
    scope.problems.add(
      scope.runbook,
      [...path, 'runbook'],
      `${inCircle} ${[...above, runbook].map((one) => `${one.data.runbook} (${one.data.system})`).join(' → ')}`,
      'take one of these calls out',
    );
  else {
    const holder = above.find((one) => one.data.system === data.system && !(one.data.kind === 'backup' && data.kind === 'backup'));
    if (holder !== undefined)
      scope.problems.add(
        scope.runbook,
        path,
        `a run of "${data.runbook}" never gets "${data.system}": the run of "${holder.data.runbook}" that starts it has it for itself`,
        'write its steps into that runbook, or name another system',
      );
  }
  return scope.problems.list.length === before;
}

/** Those that lead to what this one calls, itself among them. */
export function calling({ input, runbook }: Scope): readonly RunbookFile[] {
  return [...(input.above ?? []), runbook];
}

/** As the inventory says of the system; of several, `hold` where one is held. */
function failing(runs: readonly WantedRun[], scope: Scope): Branch['whenItFails'] {
  const says = runs.map(({ system }) => own(scope.inventory.data.systems, system)?.['when-it-fails'] ?? 'hold');
  return says.length > 0 && says.every((one) => one === 'go-on') ? 'go-on' : 'hold';
}
