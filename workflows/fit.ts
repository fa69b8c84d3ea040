import { ApplicationFailure } from '@temporalio/workflow';
import type { Entry } from '../record/journal.ts';

/** A payload over 2 MiB fails the workflow task for ever. Characters: one is three bytes at the most. */
const limit = 600_000;

/** @throws ApplicationFailure `too-large`, which people are asked about, where the server would not take the value. */
export function fits<T>(value: T, what: string): T {
  const size = JSON.stringify(value).length;
  if (size <= limit) return value;
  throw ApplicationFailure.nonRetryable(
    `${what} has ${size} characters, more than ${limit}: make its parameters and the outputs that it uses smaller`,
    'too-large',
  );
}

/**
 * The journal as it fits into one payload: of its largest entries the detail is left out, then entries from its middle.
 * The history keeps all of it.
 */
export function cut(entries: readonly Entry[]): readonly Entry[] {
  const sizes = entries.map((entry) => JSON.stringify(entry).length);
  let total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= limit) return entries;
  const kept: (Entry | null)[] = [...entries];
  const replace = (n: number, entry: Entry | null): void => {
    const size = entry === null ? 0 : JSON.stringify(entry).length;
    total += size - sizes[n]!;
    sizes[n] = size;
    kept[n] = entry;
  };
  const largestFirst = [...entries.keys()].toSorted((a, b) => sizes[b]! - sizes[a]!);
  for (const n of largestFirst) {
    if (total <= limit) break;
    replace(n, bare(entries[n]!));
  }
  for (const n of largestFirst.filter((at) => dispensable.has(entries[at]!.what))) {
    if (total <= limit) break;
    replace(n, null);
  }
  for (let n = Math.floor(entries.length / 2); n < entries.length - 100 && total > limit; n += 1) replace(n, null);
  return kept.filter((entry) => entry !== null);
}

const dispensable: ReadonlySet<Entry['what']> = new Set(['preflight', 'begun', 'reminded']);
const left = 'left out, because the record would be too large; the history has it';

function bare(entry: Entry): Entry {
  switch (entry.what) {
    case 'done':
      return { ...entry, outputs: {}, proofs: entry.proofs.map((proof) => ({ ...proof, with: null, evidence: [left] })), evidence: [left] };
    case 'undone':
      return { ...entry, evidence: [left] };
    case 'preflight':
      return { ...entry, seen: [left] };
    case 'failed':
      return { ...entry, problem: `${entry.problem.slice(0, 500)} (${left})` };
    case 'asked':
      return { ...entry, facts: [{ label: 'facts', value: left }] };
    case 'decided':
      return { ...entry, reason: entry.reason.slice(0, 500) };
    case 'compiled':
      return { ...entry, warnings: [left] };
    default:
      return entry;
  }
}
