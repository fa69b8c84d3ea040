import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { Path, Position, Sourced } from './problem.ts';
import type { Problems } from './problem.ts';
import { syntax } from './yaml-error.ts';
import { contents, mostUnclosed, tooDeep, unclosed } from './yaml-rules.ts';

export const largestFile = 1024 * 1024;
const mostAliases = 100;

/** Reads YAML into plain data of which every part knows its place. Undefined where there are problems. */
export function readDocument(file: string, text: string, problems: Problems): Sourced<unknown> | undefined {
  const put = (position: Position, message: string, fix: string): void => problems.put({ file, ...position, message, fix });
  const start = { line: 1, column: 1 };
  if (Buffer.byteLength(text) > largestFile) {
    put(start, 'the file is larger than 1 MiB', tooLarge);
    return undefined;
  }
  const counter = new LineCounter();
  const place = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const before = problems.list.length;
  if (unclosed(text) > mostUnclosed) {
    put(start, ...tooDeep);
    return undefined;
  }
  try {
    const document = parseDocument(text, {
      schema: 'core',
      version: '1.2',
      merge: false,
      // Checked here in `contents`: the library compares every key with every other.
      uniqueKeys: false,
      stringKeys: true,
      strict: true,
      prettyErrors: false,
      lineCounter: counter,
    });
    syntax(document, text, place, put);
    if (problems.list.length > before) return undefined;
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
      put(start, 'the file is empty', 'write a runbook or an inventory in it, or remove it');
      return undefined;
    }
    contents(document, place, put);
    if (problems.list.length > before) return undefined;
    const data: unknown = document.toJS({ maxAliasCount: mostAliases });
    return { file, data, at: (path, what = 'value') => find(document, path, what, place) };
  } catch (error) {
    if (error instanceof RangeError) put(start, ...tooDeep);
    else if (error instanceof ReferenceError)
      put(
        start,
        'the file repeats its anchors without end (an alias bomb)',
        `write the values out; aliases may expand to at most ${mostAliases} nodes`,
      );
    else throw error;
    return undefined;
  }
}

export const tooLarge = 'a runbook of 2,000 steps has about 400 KiB: split it, or move large values into files that a step reads';

function find(document: Document, path: Path, what: 'key' | 'value', place: (offset: number) => Position): Position {
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) break;
      const last = index === path.length - 1;
      offset = (last && what === 'value' ? start(pair.value) : undefined) ?? start(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      const item = node.items[part];
      if (item === undefined) break;
      offset = start(item) ?? offset;
      node = item;
    } else break;
  }
  return place(offset);
}

function start(node: unknown): number | undefined {
  return (node as { range?: [number, number, number] } | null | undefined)?.range?.[0];
}
