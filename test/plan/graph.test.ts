import assert from 'node:assert/strict';
import { random } from '../../plan/estimate/random.ts';
import { ancestors, heaviest, sort } from '../../plan/graph.ts';

/** A graph of up to 70 nodes, more than one word of bits; its numbering says nothing of its order. */
function graph(seed: number, loops: boolean): number[][] {
  const next = random(seed);
  const size = 1 + Math.floor(next() * 70);
  const place = Array.from({ length: size }, (_, index) => index);
  for (let index = size - 1; index > 0; index--) {
    const other = Math.floor(next() * (index + 1));
    [place[index], place[other]] = [place[other]!, place[index]!];
  }
  const needs: number[][] = Array.from({ length: size }, () => []);
  const density = next() * 3;
  for (let edge = 0; edge < size * density; edge++) {
    const [a, b] = [Math.floor(next() * size), Math.floor(next() * size)];
    if (loops && next() < 0.1) needs[place[Math.min(a, b)]!]!.push(place[Math.max(a, b)]!);
    else if (a !== b) needs[place[Math.max(a, b)]!]!.push(place[Math.min(a, b)]!);
  }
  return needs;
}

/** Whether `before` leads to `node`, by looking at every path. */
function leads(needs: number[][], before: number, node: number, passes: (node: number) => boolean): boolean {
  const seen = new Set<number>();
  const open = needs[node]!.filter(passes);
  while (open.length > 0) {
    const current = open.pop()!;
    if (current === before) return true;
    if (!seen.has(current)) open.push(...needs[current]!.filter(passes));
    seen.add(current);
  }
  return false;
}

describe('the graph of a plan', () => {
  const seeds = Array.from({ length: 150 }, (_, seed) => seed);

  it('is sorted so that each node stands behind those it needs', () => {
    for (const seed of seeds) {
      const needs = graph(seed, false);
      const { order, cycles } = sort(needs);
      const place = new Map(order.map((node, index) => [node, index]));
      assert.deepEqual(cycles, [], `seed ${seed}`);
      assert.equal(place.size, needs.length, `seed ${seed}`);
      needs.forEach((nodes, node) => nodes.forEach((before) => assert.ok(place.get(before)! < place.get(node)!, `seed ${seed}`)));
    }
  });

  it('has cycles exactly where a node leads to itself, and each that is named is one', () => {
    let cyclic = 0;
    for (const seed of seeds) {
      const needs = graph(seed, true);
      const { cycles } = sort(needs);
      const naive = needs.some((_, node) => leads(needs, node, node, () => true));
      assert.equal(cycles.length > 0, naive, `seed ${seed}`);
      cyclic += Number(naive);
      for (const cycle of cycles)
        cycle.forEach((node, index) =>
          assert.ok(needs[cycle[(index + 1) % cycle.length]!]!.includes(node), `seed ${seed}: ${cycle.join(' → ')}`),
        );
    }
    assert.ok(cyclic > 20 && cyclic < 150, `${cyclic} of the graphs had cycles`);
  });

  it('knows what leads to what, also where some nodes let nothing through', () => {
    for (const seed of seeds) {
      const needs = graph(seed, false);
      const next = random(seed + 1_000);
      const closed = new Set(needs.flatMap((_, node) => (next() < 0.2 ? [node] : [])));
      for (const passes of [() => true, (node: number) => !closed.has(node)]) {
        const reach = ancestors(needs, sort(needs).order, passes);
        needs.forEach((_, before) =>
          needs.forEach((__, node) =>
            assert.equal(reach.leads(before, node), leads(needs, before, node, passes), `seed ${seed}: ${before} to ${node}`),
          ),
        );
      }
    }
  });

  it('has the weight of its heaviest path', () => {
    for (const seed of seeds.slice(0, 60)) {
      const needs = graph(seed, false);
      const weights = needs.map((_, node) => (node * 7) % 13);
      const naive = new Map<number, number>();
      const measure = (node: number): number => {
        const behind = needs.flatMap((nodes, other) => (nodes.includes(node) ? [other] : []));
        const known = naive.get(node) ?? weights[node]! + Math.max(0, ...behind.map(measure));
        naive.set(node, known);
        return known;
      };
      assert.deepEqual(
        heaviest(needs, sort(needs).order, (node) => weights[node]!),
        needs.map((_, node) => measure(node)),
        `seed ${seed}`,
      );
    }
  });
});
