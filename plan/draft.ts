import type { RunbookGate, RunbookStep } from './grammar/runbook.ts';
import { makeAction, peopleIn, rolesOf } from './action.ts';
import type { Made, Way } from './action.ts';
import { jsonSchema } from './json-schema.ts';
import { typesOf } from './input.ts';
import type { Expiry, Gate, Late, Mode, PlanNode, Reference, Step } from './plan.ts';
import type { Path } from './problem.ts';
import { resolve, resolveNow, resolveReference } from './resolve.ts';
import type { LateUse } from './resolve.ts';
import type { Scope } from './scope.ts';

/** A step of the runbook with its names looked up, before it is seen among the others. */
export interface Draft {
  readonly index: number;
  readonly id: string;
  readonly path: Path;
  readonly only: Mode | undefined;
  readonly conditional: boolean;
  /** The ways to carry it out, the first one first; empty for a gate, and where no type is known. */
  readonly ways: readonly Made[];
  readonly gate: Omit<Gate, 'remaining'> | undefined;
  readonly step: Omit<Step, 'remaining' | 'proofs'> | undefined;
  /** References that the run looks up. */
  readonly late: readonly LateUse[];
  /** Usual duration, milliseconds. */
  readonly expected: number;
}

export function draftNode(index: number, scope: Scope): Draft {
  const raw = scope.runbook.data.steps[index]!;
  return 'gate' in raw ? draftGate(raw, index, scope) : draftStep(raw, index, scope);
}

/** The finished node of a plan. */
export function finish(draft: Draft, remaining: number, proofs: readonly string[]): PlanNode {
  return draft.gate === undefined ? { ...draft.step!, remaining, proofs } : { ...draft.gate, remaining };
}

function draftStep(raw: RunbookStep, index: number, scope: Scope): Draft {
  const path: Path = ['steps', index];
  const late: LateUse[] = [];
  if (raw['for-each'] !== undefined)
    scope.problems.add(scope.runbook, [...path, 'for-each'], '"for-each" is not supported yet', 'write a step for each of them', 'key');
  const main: Way = { ...raw, path, usesPath: [...path, 'uses'], withPath: [...path, 'with'] };
  const first = makeAction(main, scope, late);
  const others = raw.else.map((_, place) => makeAction(otherWay(raw, place, main, scope), scope, late));
  const ways = [first, ...others].filter((made) => made !== undefined);
  const base = { index, id: raw.id, path, only: raw.only, conditional: raw.if !== undefined, ways, gate: undefined, late };
  const condition = conditionOf(raw, path, scope, late);
  if (first === undefined) return { ...base, step: undefined, expected: 0 };
  const acts = Object.keys(first.action.hosts).join(', ') || (typeof raw.with['to'] === 'string' ? raw.with['to'] : '');
  const summary = raw.summary === undefined ? `${first.action.uses} ${acts}`.trim() : resolveNow(raw.summary, [...path, 'summary'], scope);
  const step: Draft['step'] = {
    kind: 'step',
    ...shared(raw, path, condition, scope),
    action: first.action,
    else: ways.filter((made) => made !== first).map(({ action }) => action),
    summary: summary ?? '',
  };
  return { ...base, step, expected: first.type.expected };
}

/** A bare type takes those fields of the step's input that it knows. */
function otherWay(raw: RunbookStep, place: number, main: Way, scope: Scope): Way {
  const other = raw.else[place]!;
  const path: Path = [...main.path, 'else', place];
  if (typeof other !== 'string')
    return {
      ...other,
      at: other.at,
      with: other.with ?? known(other.uses, main.with, scope),
      approvers: raw.approvers,
      path,
      usesPath: [...path, 'uses'],
      withPath: other.with === undefined ? main.withPath : [...path, 'with'],
    };
  return {
    uses: other,
    with: known(other, main.with, scope),
    approvers: raw.approvers,
    path: main.path,
    usesPath: path,
    withPath: main.withPath,
  };
}

function known(uses: string, input: Way['with'], scope: Scope): Way['with'] {
  const type = scope.types.get(uses);
  const fields = type && jsonSchema(type.input).properties;
  return fields === undefined ? input : Object.fromEntries(Object.entries(input).filter(([field]) => Object.hasOwn(fields, field)));
}

function draftGate(raw: RunbookGate, index: number, scope: Scope): Draft {
  const path: Path = ['steps', index];
  const late: LateUse[] = [];
  const approvers = rolesOf(raw.approvers, [...path, 'approvers'], scope);
  const people = peopleIn(approvers, scope);
  if (people < raw.count)
    scope.problems.add(
      scope.runbook,
      raw.approvers === undefined ? path : [...path, 'approvers'],
      `the gate "${raw.id}" asks ${raw.count} ${raw.count === 1 ? 'person' : 'people'}, and its approvers are ${people}`,
      'name a role with more people, or add people to the inventory',
    );
  if (raw['on-expiry'] !== undefined && raw.expires === undefined)
    scope.problems.add(
      scope.runbook,
      [...path, 'on-expiry'],
      `the gate "${raw.id}" never expires`,
      'add `expires:`, such as "15 minutes"',
      'key',
    );
  const gate: Draft['gate'] = {
    kind: 'gate',
    ...shared(raw, path, conditionOf(raw, path, scope, late), scope),
    title: resolve(raw.gate, [...path, 'gate'], scope, late),
    approvers,
    count: raw.count,
    show: raw.show.map((text, item) => shown(text, [...path, 'show', item], scope, late)),
    ...(raw.expires === undefined ? {} : { expires: raw.expires }),
    onExpiry: expiryOf(raw, path, scope),
    ...(raw.limit === undefined ? {} : { limit: raw.limit }),
  };
  return { index, id: raw.id, path, only: raw.only, conditional: raw.if !== undefined, ways: [], gate, step: undefined, late, expected: 0 };
}

function expiryOf(raw: RunbookGate, path: Path, scope: Scope): Expiry {
  const written = raw['on-expiry'] ?? 'abort';
  if (typeof written === 'string') return { then: written };
  const role = written.escalate;
  if (!Object.hasOwn(scope.inventory.data.people, role)) rolesOf([role], [...path, 'on-expiry', 'escalate'], scope);
  return written;
}

/** `Lag: ${{ … }}` has its label in front; a reference alone is called after what it names. */
function shown(text: string, path: Path, scope: Scope, late: LateUse[]): Gate['show'][number] {
  const [, label, rest] = /^([^:${]{1,60}):\s+(.+)$/s.exec(text) ?? [];
  if (label !== undefined && rest !== undefined) return { label, value: resolve(rest, path, scope, late) };
  const value: Late = resolve(text, path, scope, late);
  const ref = typeof value === 'object' && value !== null && '$ref' in value ? (value as Reference).$ref : [];
  if (ref.length === 0) return { label: 'Note', value };
  const words = ref.at(-1)!.replaceAll('-', ' ');
  return { label: ref[0] === 'steps' ? `${words} (${ref[1]})` : words.charAt(0).toUpperCase() + words.slice(1), value };
}

function conditionOf(raw: RunbookStep | RunbookGate, path: Path, scope: Scope, late: LateUse[]): Reference | undefined {
  if (raw.if === undefined) return undefined;
  const where = [...path, 'if'];
  const reference = resolveReference(raw.if, where, scope, late);
  const types = reference === undefined ? [] : typesOf(reference.$ref, scope);
  if (reference?.$ref[0] === 'parameters' && !Object.hasOwn(scope.parameters, reference.$ref[1]!)) return reference;
  if (types.length > 0 && !types.includes('boolean'))
    scope.problems.add(
      scope.runbook,
      where,
      `"${reference!.$ref.join('.')}" is ${types.join(' or ')}, not boolean`,
      'name a boolean parameter or output',
    );
  return reference;
}

function shared(raw: RunbookStep | RunbookGate, path: Path, condition: Reference | undefined, scope: Scope) {
  return {
    id: raw.id,
    needs: [...new Set(raw.needs)],
    ...(raw.only === undefined ? {} : { only: raw.only }),
    ...(condition === undefined ? {} : { if: condition }),
    line: scope.runbook.at(path).line,
  };
}
