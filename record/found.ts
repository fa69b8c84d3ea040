import type { Finding } from '../workflows/wire.ts';

const weights = ['must', 'should', 'note'];
const states = ['open', 'accepted', 'closed'];

/** Open ones first; the weightiest and oldest of them first. */
export function byWeight(one: Finding, other: Finding): number {
  return (
    states.indexOf(one.state) - states.indexOf(other.state) ||
    weights.indexOf(one.weight) - weights.indexOf(other.weight) ||
    one.firstSeen.localeCompare(other.firstSeen)
  );
}

/** Whether the day is over, by UTC, until which it was to be mended. */
export function isOverdue({ state, due }: Finding, now: Date): boolean {
  return state === 'open' && due !== null && due < now.toISOString().slice(0, 10);
}
