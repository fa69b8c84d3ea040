import type { RunbookStep } from './grammar/runbook.ts';
import type { Json } from './plan.ts';
import type { Path } from './problem.ts';
import { resolve } from './resolve.ts';
import type { LateUse } from './resolve.ts';
import type { Scope } from './scope.ts';

/** What `${{ item }}` stands for, once. */
export interface Item {
  /** Unique in its list; by it outputs are found. */
  readonly name: string;
  readonly value: Json;
}

type Written = NonNullable<RunbookStep['for-each']>;

/** The items of a `for-each`; none where they cannot be told, which is said. */
export function itemsOf(written: Written, path: Path, scope: Scope): readonly Item[] {
  const list = listOf(written, path, scope);
  if (!Array.isArray(list)) {
    if (list !== undefined)
      scope.problems.add(scope.runbook, path, 'this is no list', 'name a list, such as ${{ source.resources.instances }}');
    return [];
  }
  const items = (list as readonly Json[]).map((value, index) => ({ name: nameOf(value, index), value }));
  if (items.length === 0) sayEmpty(written, path, scope);
  const names = new Set<string>();
  const twice = items.find(({ name }) => names.size === names.add(name).size);
  if (twice !== undefined)
    scope.problems.add(scope.runbook, path, `"${twice.name}" stands twice in the list`, 'name each once; of maps their `name` counts');
  return items;
}

/** What the inventory has may have nothing at one of its sites; what the runbook itself lists is meant to be something. */
function sayEmpty(written: Written, path: Path, scope: Scope): void {
  const [into, what] =
    typeof written === 'string'
      ? [scope.warnings, 'the list is empty: it is carried out for nothing']
      : [scope.problems, 'the list is empty: there is nothing to carry it out for'];
  into.add(scope.runbook, path, what, 'fill the list, or take the step out', 'key');
}

function listOf(written: Written, path: Path, scope: Scope): unknown {
  const { inventory } = scope;
  if (typeof written === 'object' && !Array.isArray(written)) {
    if ('hosts' in written)
      return Object.entries(inventory.data.hosts).flatMap(([name, { tags }]) => (tags.includes(written.hosts.tag) ? [name] : []));
    if ('systems' in written) return systemsOf(written.systems, path, scope);
  }
  const late: LateUse[] = [];
  const before = scope.problems.list.length;
  const value = resolve(written as Json, path, scope, late);
  for (const { ref } of late)
    scope.problems.add(
      scope.runbook,
      path,
      `"${ref.join('.')}" is known only while the run goes on`,
      'name a list that is known before it starts',
    );
  return scope.problems.list.length > before ? undefined : value;
}

function systemsOf(wanted: readonly string[] | { readonly tier: number }, path: Path, scope: Scope): readonly string[] {
  const { systems } = scope.inventory.data;
  if ('tier' in wanted) return Object.entries(systems).flatMap(([name, { tier }]) => (tier === wanted.tier ? [name] : []));
  for (const [index, name] of wanted.entries())
    if (!Object.hasOwn(systems, name))
      scope.problems.add(scope.runbook, [...path, 'systems', index], `the inventory has no system "${name}"`, 'name one that it has');
  return wanted;
}

function nameOf(value: Json, index: number): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { name } = value as { readonly name?: Json };
  return typeof name === 'string' ? name : String(index + 1);
}
