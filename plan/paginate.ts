import { digestOf } from './canonical.ts';
import { bytes, largestPage } from './lint/limits.ts';
import type { PlanHeader, PlanNode } from './plan.ts';

/** Steps in pages of at most 256 KiB each, in order. Always at least one page. */
export function paginate(steps: readonly PlanNode[]): PlanNode[][] {
  const pages: PlanNode[][] = [[]];
  let filled = 2;
  for (const step of steps) {
    const size = bytes(step) + 1;
    if (filled + size > largestPage && pages.at(-1)!.length > 0) {
      pages.push([]);
      filled = 2;
    }
    pages.at(-1)!.push(step);
    filled += size;
  }
  return pages;
}

/** The header with its digest, which covers the digests of the pages. */
export function sealed(header: Omit<PlanHeader, 'digest' | 'pages'>, steps: readonly PlanNode[]): PlanHeader {
  const whole = { ...header, pages: paginate(steps).map((page) => digestOf(page)) };
  return { ...whole, digest: digestOf(whole) };
}
