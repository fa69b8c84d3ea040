import type { StepType } from '../activities/step.ts';
import { own } from './facts.ts';
import type { RunbookStep } from './grammar/runbook.ts';
import { checkInput } from './input.ts';
import { didYouMean } from './nearest.ts';
import type { Action, HostFacts, Json, Late, Reference } from './plan.ts';
import type { Path } from './problem.ts';
import { resolve, resolveNow } from './resolve.ts';
import type { LateUse } from './resolve.ts';
import { rehearsalNames } from './rehearsal/names.ts';
import type { Scope } from './scope.ts';
import { duration } from './words.ts';

/** What a runbook says of one way to carry a step out. */
export interface Way {
  readonly uses: string;
  readonly with: { readonly [field: string]: Json };
  readonly at?: string | undefined;
  readonly timeout?: number | undefined;
  readonly retry?: RunbookStep['retry'];
  readonly approvers?: readonly string[] | undefined;
  /** Where the type, the input and the rest stand. */
  readonly path: Path;
  readonly usesPath: Path;
  readonly withPath: Path;
}

export interface Made {
  readonly type: StepType;
  readonly action: Action;
}

/** Resolves one way to carry a step out. Undefined where its type is not known. */
export function makeAction(way: Way, scope: Scope, late: LateUse[]): Made | undefined {
  const type = typeOf(way.uses, way.usesPath, scope);
  if (type === undefined) return undefined;
  const resolved = resolve(way.with, way.withPath, scope, late) as { readonly [field: string]: Late };
  const input = scope.input.rehearsal === undefined ? resolved : rehearsalNames(type, resolved, scope);
  const hosts = checkInput(type, input, way.withPath, scope);
  const action: Action = {
    uses: type.name,
    effect: type.effect,
    with: input,
    at: siteOf(way, type, input, hosts, scope),
    hosts,
    timeout: way.timeout ?? duration(type.timeout),
    retry: way.retry ?? (type.retry === undefined ? { times: 0, wait: 0 } : { times: type.retry.times, wait: duration(type.retry.wait) }),
    provides: type.provides ?? [],
    requires: type.requires ?? [],
    commits: type.commits ?? false,
    outage: type.outage ?? false,
    undo: typeof type.undo === 'function',
    promotes: type.promotes ?? false,
    ...(type.sweep !== undefined && scope.input.rehearsal !== undefined ? { sweep: true as const } : {}),
    ...(type.protects ? { protects: true as const } : {}),
    ...(type.asks === undefined ? {} : { asks: asksOf(type.asks, input, way, scope) }),
  };
  return { type, action };
}

/** The step type of that name; says so where there is none. */
export function typeOf(uses: string, path: Path, scope: Scope): StepType | undefined {
  const type = scope.types.get(uses);
  if (type === undefined && uses === 'runbook')
    scope.problems.add(scope.runbook, path, '"uses: runbook" is no other way of a step', 'give the run a step of its own');
  else if (type === undefined)
    scope.problems.add(scope.runbook, path, `there is no step type "${uses}"`, didYouMean(uses, [...scope.types.keys()], 'step types'));
  return type;
}

/** Holds roles to the inventory; all roles where none are named. */
export function rolesOf(approvers: readonly string[] | undefined, path: Path, scope: Scope): readonly string[] {
  const roles = Object.keys(scope.inventory.data.people);
  for (const [index, role] of (approvers ?? []).entries())
    if (!roles.includes(role))
      scope.problems.add(
        scope.runbook,
        [...path, index],
        `the inventory has no role "${role}"`,
        didYouMean(role, roles, 'roles under `people`'),
      );
  return approvers ?? roles;
}

/** How many distinct people hold these roles. */
export function peopleIn(roles: readonly string[], scope: Scope): number {
  return new Set(roles.flatMap((role) => own(scope.inventory.data.people, role) ?? [])).size;
}

function siteOf(way: Way, type: StepType, input: Action['with'], hosts: Action['hosts'], scope: Scope): string {
  if (way.at !== undefined) {
    const path = [...way.path, 'at'];
    const site = resolveNow(way.at, path, scope);
    const sites = Object.keys(scope.inventory.data.sites);
    if (site !== undefined && !sites.includes(site))
      scope.problems.add(scope.runbook, path, `the inventory has no site "${site}"`, didYouMean(site, sites, 'sites'));
    return site ?? scope.target;
  }
  if (type.at === 'target') return scope.target;
  const named: HostFacts | undefined = typeof input['host'] === 'string' ? own(hosts, input['host']) : undefined;
  if (named !== undefined) return named.site;
  const { site } = input;
  // A site that the inventory does not have is said by who checks the input.
  if (typeof site === 'string' && own(scope.inventory.data.sites, site)?.kind === 'aws') return site;
  return Object.values(hosts)[0]?.site ?? scope.target;
}

function asksOf(asks: NonNullable<StepType['asks']>, input: Action['with'], way: Way, scope: Scope): NonNullable<Action['asks']> {
  const path = [...way.path, 'approvers'];
  const approvers = rolesOf(way.approvers, path, scope);
  const people = peopleIn(approvers, scope);
  if (people < asks.people)
    scope.problems.add(
      scope.runbook,
      way.approvers === undefined ? way.usesPath : path,
      `${way.uses} asks ${asks.people} people, and its approvers are ${people}`,
      'name a role with more people, or add people to the inventory',
    );
  return { question: filled(asks.question, input), people: asks.people, approvers, ...(asks.covered ? { covered: true as const } : {}) };
}

/** `{field}` in a question becomes the input's value. */
function filled(question: string, input: Action['with']): Late {
  const parts: (string | Reference)[] = [];
  for (const part of question.split(/(\{[A-Za-z0-9-]+\})/)) {
    const value = /^\{.*\}$/.test(part) ? (own(input, part.slice(1, -1)) ?? '') : part;
    const pieces = typeof value !== 'object' || value === null ? [String(value)] : lateParts(value);
    for (const piece of pieces) {
      if (piece === '') continue;
      const before = parts.at(-1);
      if (typeof piece === 'string' && typeof before === 'string') parts[parts.length - 1] = before + piece;
      else parts.push(piece);
    }
  }
  const [first] = parts;
  return parts.length === 1 && typeof first === 'string' ? first : { $text: parts };
}

function lateParts(value: object): readonly (string | Reference)[] {
  if ('$ref' in value) return [value as Reference];
  return '$text' in value ? (value as { $text: readonly (string | Reference)[] }).$text : [JSON.stringify(value)];
}
