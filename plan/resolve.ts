import { own } from './facts.ts';
import { didYouMean } from './nearest.ts';
import type { Json, Late, Reference } from './plan.ts';
import type { Path } from './problem.ts';
import { parseReferences } from './reference.ts';
import { namesIn } from './scope.ts';
import type { Scope } from './scope.ts';

/** What `${{ run.… }}` can name: known only while the run goes on. */
export const runNames: readonly string[] = ['data-at-risk', 'viewpoints', 'link', 'id', 'mode', 'started-at'];
const roots = ['source', 'target', 'hosts', 'values', 'system', 'runbook', 'parameters', 'steps', 'run', 'item'];

/** A reference that stays in the plan, and where it was written. */
export interface LateUse {
  readonly ref: readonly string[];
  readonly path: Path;
}

/** Looks up every reference in a value. What is not known yet stays as a reference, and is added to `late`. */
export function resolve(value: Json, path: Path, scope: Scope, late: LateUse[]): Late {
  if (typeof value === 'string') return resolveText(value, path, scope, late);
  if (Array.isArray(value)) return value.map((item: Json, index) => resolve(item, [...path, index], scope, late));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]): [string, Late] => {
    if (key.startsWith('$'))
      scope.problems.add(
        scope.runbook,
        [...path, key],
        `the key "${key}" begins with "$"`,
        'such keys are taken by plans: use another',
        'key',
      );
    return [key, resolve(item as Json, [...path, key], scope, late)];
  });
  return Object.fromEntries(entries);
}

/** Text that must be known when the plan is compiled. Undefined where it is not. */
export function resolveNow(text: string, path: Path, scope: Scope): string | undefined {
  const late: LateUse[] = [];
  const value = resolveText(text, path, scope, late);
  for (const { ref } of late)
    scope.problems.add(
      scope.runbook,
      path,
      `"${ref.join('.')}" is known only while the run goes on`,
      'name something that is known before it starts',
    );
  return typeof value === 'string' && late.length === 0 ? value : undefined;
}

/** One reference and nothing else, kept for the run to look up. Undefined where the text is anything else. */
export function resolveReference(text: string, path: Path, scope: Scope, late: LateUse[]): Reference | undefined {
  const parsed = parseReferences(text);
  const [only, ...others] = 'parts' in parsed ? parsed.parts : [];
  if (only === undefined || typeof only === 'string' || others.length > 0) {
    const fix = 'write one reference to a boolean, such as ${{ parameters.thorough }} or ${{ steps.facts.outputs.ready }}';
    scope.problems.add(scope.runbook, path, `${JSON.stringify(text)} is not one reference`, fix);
    return undefined;
  }
  const found = lookUp(only, path, scope);
  if (found === undefined) return undefined;
  if ('known' in found && only[0] !== 'parameters') {
    scope.problems.add(scope.runbook, path, `"${only.join('.')}" is no boolean`, 'name a boolean parameter or a boolean output of a step');
    return undefined;
  }
  if (only[0] !== 'parameters') late.push({ ref: only, path });
  return { $ref: only };
}

function resolveText(text: string, path: Path, scope: Scope, late: LateUse[]): Late {
  if (!text.includes('${{')) return text;
  const parsed = parseReferences(text);
  if (!('parts' in parsed)) {
    scope.problems.add(scope.runbook, path, parsed.message, parsed.fix);
    return text;
  }
  const parts: (string | Reference)[] = [];
  for (const written of parsed.parts) {
    if (typeof written === 'string') parts.push(written);
    else {
      const part = ofItem(written, scope);
      const found = lookUp(part, path, scope);
      if (found === undefined) return text;
      if ('late' in found) {
        late.push({ ref: part, path });
        parts.push({ $ref: part });
      } else if (parsed.parts.length === 1) return found.known;
      else if (Array.isArray(found.known)) {
        scope.problems.add(scope.runbook, path, `"${part.join('.')}" is a list, and stands in a text`, 'let it stand alone');
        return text;
      } else parts.push(String(found.known as string | number | boolean | null));
    }
  }
  const joined = parts.reduce<(string | Reference)[]>((all, part) => {
    const before = all.at(-1);
    return typeof part === 'string' && typeof before === 'string' ? [...all.slice(0, -1), before + part] : [...all, part];
  }, []);
  const [first] = joined;
  return joined.length === 1 && first !== undefined ? first : { $text: joined };
}

/** In a `for-each`, `steps.ID.outputs.item.NAME` is what another step put out for the same item. */
function ofItem(path: readonly string[], { item }: Scope): readonly string[] {
  const [root, id, part, which, ...names] = path;
  return root === 'steps' && part === 'outputs' && which === 'item' && item !== undefined
    ? [root, id!, part, 'items', item, ...names]
    : path;
}

type Found = { readonly known: string | number | boolean | null | readonly Json[] } | { readonly late: true } | undefined;

function lookUp(path: readonly string[], where: Path, scope: Scope): Found {
  const [root = '', name = ''] = path;
  const refuse = (message: string, fix: string): undefined => scope.problems.add(scope.runbook, where, message, fix) as undefined;
  if (root === 'run') {
    if (path.length === 2 && runNames.includes(name)) return { late: true };
    return refuse(`there is no "${path.join('.')}"`, didYouMean(name, runNames, 'what a run knows'));
  }
  if (root === 'steps') {
    if (path.length >= 4 && path[2] === 'outputs') return { late: true };
    return refuse(`"${path.join('.')}" names no output`, 'write ${{ steps.ID.outputs.NAME }}');
  }
  if (root === 'item' && !Object.hasOwn(scope.known, root))
    return refuse('"item" stands for nothing here', 'add `for-each:` to the step, which says what it stands for');
  if (!Object.hasOwn(scope.known, root))
    return refuse(`there is no "${root}" to refer to`, didYouMean(root, roots, 'references begin with'));
  if (root === 'parameters' && path.length === 2) {
    const declared = own(scope.runbook.data.parameters, name);
    if (declared !== undefined && !Object.hasOwn(scope.parameters, name)) {
      if (declared.required) return { late: true };
      return refuse(`the parameter "${name}" has no value where none is given`, 'give it a `default:`, or say `required: true`');
    }
  }
  let tree: Json | undefined = scope.known[root];
  for (const [index, part] of path.slice(1).entries()) {
    const names: string[] = typeof tree === 'object' && tree !== null ? Object.keys(tree) : [];
    if (!names.includes(part)) {
      const parent = path.slice(0, index + 1).join('.');
      return refuse(
        `there is no "${part}" in "${parent}"`,
        names.length === 0 ? `"${parent}" has no parts` : didYouMean(part, names, 'it has'),
      );
    }
    tree = (tree as { [key: string]: Json })[part];
  }
  if (Array.isArray(tree)) return { known: tree as readonly Json[] };
  if (typeof tree === 'object' && tree !== null) return refuse(`"${path.join('.')}" has parts`, `name one of them: ${namesIn(tree)}`);
  return { known: tree ?? null };
}
