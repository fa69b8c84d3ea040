/** Predecessors of each node, by index. */
export type Needs = readonly (readonly number[])[];

/** A topological order; where there are cycles, those too, each as the nodes along it. */
export function sort(needs: Needs): { readonly order: readonly number[]; readonly cycles: readonly (readonly number[])[] } {
  const behind = dependents(needs);
  const missing = needs.map((nodes) => nodes.length);
  const order: number[] = [];
  const settle = (nodes: readonly number[]): void => {
    const ready = [...nodes];
    for (let next = 0; next < ready.length; next++) {
      const node = ready[next]!;
      order.push(node);
      for (const dependent of behind[node]!) if (--missing[dependent]! === 0) ready.push(dependent);
    }
  };
  settle(needs.flatMap((nodes, node) => (nodes.length === 0 ? [node] : [])));
  return { order, cycles: order.length === needs.length ? [] : findCycles(needs, order) };
}

/** Nodes that name a node as needed, by index. */
export function dependents(needs: Needs): number[][] {
  const behind: number[][] = needs.map(() => []);
  needs.forEach((nodes, node) => nodes.forEach((before) => behind[before]!.push(node)));
  return behind;
}

/** Which nodes lead to which: one bit for each pair. */
export interface Reach {
  /** Whether `before` leads to `node`. */
  leads(before: number, node: number): boolean;
}

/** All nodes that lead to each node, along nodes that `passes` lets through. A node never leads to itself. `order` MUST be topological and whole. */
export function ancestors(needs: Needs, order: readonly number[], passes: (node: number) => boolean = () => true): Reach {
  const words = Math.ceil(needs.length / 32);
  const bits = new Uint32Array(words * needs.length);
  for (const node of order) {
    for (const before of needs[node]!) {
      if (!passes(before)) continue;
      for (let word = 0; word < words; word++) bits[node * words + word]! |= bits[before * words + word]!;
      bits[node * words + (before >> 5)]! |= 1 << (before & 31);
    }
  }
  return { leads: (before, node) => (bits[node * words + (before >> 5)]! & (1 << (before & 31))) !== 0 };
}

/** Sum of weights along the heaviest path from each node to an end, its own included. `order` MUST be topological and whole. */
export function heaviest(needs: Needs, order: readonly number[], weight: (node: number) => number): number[] {
  const behind = dependents(needs);
  const sums: number[] = needs.map(() => 0);
  for (const node of order.toReversed())
    sums[node] = weight(node) + behind[node]!.reduce((most, dependent) => Math.max(most, sums[dependent]!), 0);
  return sums;
}

/** Walks backwards among the unsorted nodes; each walk ends in a cycle, and no node is walked twice. */
function findCycles(needs: Needs, sorted: readonly number[]): number[][] {
  const walked = new Set(sorted);
  const cycles: number[][] = [];
  for (let node = 0; node < needs.length; node++) {
    const place = new Map<number, number>();
    const path: number[] = [];
    let current: number | undefined = walked.has(node) ? undefined : node;
    while (current !== undefined && !place.has(current)) {
      place.set(current, path.length);
      path.push(current);
      current = needs[current]!.find((before) => !walked.has(before));
    }
    if (current !== undefined) cycles.push(path.slice(place.get(current)).toReversed());
    for (const seen of path) walked.add(seen);
  }
  return cycles;
}
