import { isScalar, visit } from 'yaml';
import type { Document } from 'yaml';
import type { Position, Put } from './problem.ts';

const deepest = 24;
/** Far more than any file needs, and few enough for the parser's stack. */
export const mostUnclosed = 500;
export const tooDeep: [string, string] = ['the file is nested too deeply to be read', `nest at most ${deepest} levels`];
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

/** What YAML allows and we do not: keys that reach into JavaScript's own objects, numbers that JSON cannot hold, endless nesting. */
export function contents(document: Document, place: (offset: number) => Position, put: Put): void {
  const shallow = (
    _: unknown,
    { range }: { range?: readonly number[] | null | undefined },
    path: readonly unknown[],
  ): symbol | undefined => {
    if (path.length <= deepest * 2) return undefined;
    put(place(range?.[0] ?? 0), 'nested too deeply', tooDeep[1]);
    return visit.BREAK;
  };
  visit(document, {
    Seq: shallow,
    Map(_, { items, range }, path) {
      const outcome = shallow(_, { range }, path);
      if (outcome !== undefined) return outcome;
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) put(place(key.range?.[0] ?? 0), `the key "${name}" is written twice in one map`, 'keep one of them');
        seen.add(name);
      }
      return undefined;
    },
    Pair(_, { key }) {
      if (!isScalar(key) || !forbidden.has(String(key.value))) return undefined;
      put(place(key.range?.[0] ?? 0), `"${String(key.value)}" cannot be a key`, 'use another name');
      return undefined;
    },
    Alias(_, node, path) {
      const named = node.resolve(document);
      if (named !== undefined && (path as readonly unknown[]).includes(named))
        put(place(node.range?.[0] ?? 0), `"*${node.source}" stands inside what it repeats`, 'write the value out');
      return undefined;
    },
    Scalar(_, node) {
      if (typeof node.value !== 'number') return undefined;
      const unsafe = !Number.isFinite(node.value) || (Number.isInteger(node.value) && !Number.isSafeInteger(node.value));
      if (unsafe)
        put(place(node.range?.[0] ?? 0), `${node.source ?? 'this number'} cannot be held exactly`, 'quote it, or write a smaller number');
      return undefined;
    },
  });
}

/** The most brackets and braces that are open at once, whatever they stand in; a line that begins a key at the margin closes them. */
export function unclosed(text: string): number {
  let depth = 0;
  let most = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === 0x5b || character === 0x7b) most = Math.max(most, ++depth);
    else if (character === 0x5d || character === 0x7d) depth = Math.max(0, depth - 1);
    else if (character === 0x0a && /[a-z-]/.test(text[index + 1] ?? '')) depth = 0;
  }
  return most;
}
