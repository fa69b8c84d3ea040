import { peopleIn, rolesOf } from './action.ts';
import type { Draft } from './draft.ts';
import { conditionOf, modeOf, shared } from './draft-shared.ts';
import type { RunbookGate } from './grammar/runbook.ts';
import type { Expiry, Gate, Late, Reference } from './plan.ts';
import type { Path } from './problem.ts';
import { resolve } from './resolve.ts';
import type { LateUse } from './resolve.ts';
import type { Scope } from './scope.ts';

/** A gate with its names looked up. */
export function draftGate(raw: RunbookGate, index: number, scope: Scope): Draft {
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
  return {
    index,
    id: raw.id,
    path,
    only: modeOf(raw),
    conditional: raw.if !== undefined,
    ways: [],
    gate,
    step: undefined,
    branch: undefined,
    late,
    expected: 0,
  };
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
