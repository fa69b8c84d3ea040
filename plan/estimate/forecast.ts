import { estimate } from '../estimate.ts';
import { sort } from '../graph.ts';
import type { Mode, Plan } from '../plan.ts';
import { fit, type PastRun } from './fit.ts';
import { random } from './random.ts';

/** How long the next run will take, people's waits left out, and how far that is known. Times are milliseconds. */
export interface Forecast {
  /** Runs and rehearsals that it stands on. */
  readonly runs: number;
  readonly median: number;
  /** Nine runs of ten end between these. */
  readonly from: number;
  readonly until: number;
  /** The longest run so far by the same steps, and how probable it is that the next one takes no longer; null: there was none. */
  readonly longest: { readonly took: number; readonly of: number; readonly odds: number } | null;
  /** Steps that were never measured: for them stands what is usual for their type. */
  readonly unmeasured: readonly string[];
  /** The steps whose shortening would help most: how often each is on the longest path, and what the run would gain if it took half. */
  readonly helps: readonly { readonly step: string; readonly critical: number; readonly gain: number }[];
}

/** So many finishing times are computed at the most, all draws together: where there is time, and where a run waits for it. */
export const effort = { thorough: 4_000_000, brief: 200_000 } as const;
const helpful = 3;

/** Estimates a run by drawing it many times from what was measured. The same input gives the same answer. Pure. */
export function forecast(plan: Plan, mode: Mode, past: readonly PastRun[], seed = 1, work: number = effort.thorough): Forecast {
  const { steps: usual } = estimate(plan, mode);
  const ids = plan.steps.map(({ id }) => id);
  const place = new Map(ids.map((id, index) => [id, index]));
  const needs = plan.steps.map((node) => node.needs.map((id) => place.get(id)!));
  const graph = {
    needs,
    order: sort(needs).order,
    // What a rehearsal leaves out takes no time.
    runs: plan.steps.map((node) => Object.hasOwn(usual, node.id) && !(node.kind !== 'gate' && typeof node.rehearsal === 'object')),
    gates: plan.steps.map(({ kind }) => kind === 'gate'),
  };
  const known = past.filter(({ durations }) => ids.some((id) => durations[id] !== undefined));
  const draw = fit(ids, known, (id) => usual[id] ?? 0, random(seed));
  const count = Math.max(100, Math.min(10_000, Math.floor(work / Math.max(1, ids.length))));
  const all: Float64Array[] = [];
  const totals = new Float64Array(count);
  const critical = new Float64Array(ids.length);
  const kept = Math.min(count, Math.max(100, Math.floor(count / 10)));
  const into = new Float64Array(ids.length);
  for (let nth = 0; nth < count; nth += 1) {
    draw(into);
    silence(into, graph);
    if (nth < kept) all.push(into.slice());
    totals[nth] = finish(into, graph, critical);
  }
  totals.sort();
  const at = (part: number): number => Math.round(totals[Math.min(count - 1, Math.floor(part * count))]!);
  return {
    runs: known.length,
    median: at(0.5),
    from: at(0.05),
    until: at(0.95),
    longest: longestOf(known, graph, ids),
    unmeasured: ids.filter(
      (id, index) => graph.runs[index] && !graph.gates[index] && !known.some(({ durations }) => durations[id] !== undefined),
    ),
    helps: helpsOf(all, graph, ids, critical, count),
  };
}

interface Graph {
  readonly needs: readonly (readonly number[])[];
  readonly order: readonly number[];
  /** Whether it runs in the mode. */
  readonly runs: readonly boolean[];
  readonly gates: readonly boolean[];
}

/** What does not run, and what waits for people, takes no time. */
function silence(durations: Float64Array, { runs, gates }: Graph): void {
  for (let node = 0; node < durations.length; node += 1) if (!runs[node] || gates[node]) durations[node] = 0;
}

/** When the last step ends; marks the steps along the longest path in `critical`. */
function finish(durations: Float64Array, { needs, order }: Graph, critical?: Float64Array): number {
  const ends = new Float64Array(durations.length);
  const before = new Int32Array(durations.length).fill(-1);
  let last = -1;
  for (const node of order) {
    let start = 0;
    for (const need of needs[node]!)
      if (ends[need]! > start || before[node] === -1) {
        start = Math.max(start, ends[need]!);
        before[node] = need;
      }
    ends[node] = start + durations[node]!;
    if (last === -1 || ends[node] > ends[last]!) last = node;
  }
  if (critical) for (let node = last; node !== -1; node = before[node]!) if (durations[node]! > 0) critical[node]! += 1;
  return last === -1 ? 0 : ends[last]!;
}

/** Only of runs by all the steps of the plan: others took a shorter way. */
function longestOf(past: readonly PastRun[], graph: Graph, ids: readonly string[]): Forecast['longest'] {
  const totals = past.flatMap(({ durations }) => {
    const whole = ids.every((id, index) => !graph.runs[index] || graph.gates[index] || durations[id] !== undefined);
    if (!whole) return [];
    const times = Float64Array.from(ids, (id) => durations[id] ?? 0);
    silence(times, graph);
    return [finish(times, graph)];
  });
  return totals.length === 0
    ? null
    : { took: Math.round(Math.max(...totals)), of: totals.length, odds: totals.length / (totals.length + 1) };
}

function helpsOf(
  draws: readonly Float64Array[],
  graph: Graph,
  ids: readonly string[],
  critical: Float64Array,
  count: number,
): Forecast['helps'] {
  const mean = (node: number): number => draws.reduce((sum, draw) => sum + draw[node]!, 0) / draws.length;
  const likely = [...ids.keys()]
    .filter((node) => critical[node]! > 0)
    .toSorted((one, other) => critical[other]! * mean(other) - critical[one]! * mean(one))
    .slice(0, 2 * helpful);
  const before = draws.map((draw) => finish(draw, graph));
  return likely
    .map((node) => {
      const gains = draws.map((draw, nth) => {
        const shorter = draw.slice();
        shorter[node] = shorter[node]! / 2;
        return before[nth]! - finish(shorter, graph);
      });
      return {
        step: ids[node]!,
        critical: critical[node]! / count,
        gain: Math.round(gains.reduce((sum, gain) => sum + gain, 0) / gains.length),
      };
    })
    .filter(({ gain }) => gain > 0)
    .toSorted((one, other) => other.gain - one.gain)
    .slice(0, helpful);
}
