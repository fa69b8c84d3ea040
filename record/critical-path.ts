import type { PlanNode } from '../plan/plan.ts';
import type { Walked } from './steps.ts';
import { ms } from './time.ts';

/**
 * Ids on the chain that set the length of the run: from the last step to end, back through whichever step or gate
 * ended last of those it waited for. Where the plan's steps are not at hand, through whichever ended last before it began.
 */
export function criticalPath(walked: readonly Walked[], planned: readonly PlanNode[]): Set<string> {
  const spans = new Map(walked.flatMap(({ id, from, to }) => (from && to ? [[id, { id, from: ms(from), to: ms(to) }] as const] : [])));
  const needs = new Map(planned.map((node) => [node.id, node.needs]));
  const path = new Set<string>();
  let current = last([...spans.values()]);
  while (current && !path.has(current.id)) {
    const { id, from } = current;
    path.add(id);
    const before = needs.has(id) ? waitedFor(id, needs, spans) : [...spans.keys()].filter((other) => other !== id);
    current = last(before.flatMap((other) => spans.get(other) ?? []).filter(({ to }) => to <= from));
  }
  return path;
}

interface Span {
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

function last(spans: readonly Span[]): Span | undefined {
  return spans.reduce<Span | undefined>((best, span) => (!best || span.to > best.to ? span : best), undefined);
}

/** What a step needs; in place of a step that was left out, what that one needs. */
function waitedFor(id: string, needs: ReadonlyMap<string, readonly string[]>, spans: ReadonlyMap<string, Span>): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const open = [...(needs.get(id) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (spans.has(next)) found.push(next);
    else open.push(...(needs.get(next) ?? []));
  }
  return found;
}
