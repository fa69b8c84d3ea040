import assert from 'node:assert/strict';
import { random, type Random } from '../../plan/estimate/random.ts';
import { type Interval, intersect, length, partition, subtract, union } from '../../record/interval.ts';

describe('intervals', () => {
  it('agree with counting millisecond by millisecond, over 500 seeded cases', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const next = random(seed);
      const [a, b] = [some(next), some(next)];
      const has = (list: readonly Interval[], t: number) => list.some(({ from, to }) => from <= t && t < to);
      for (const [name, made, holds] of [
        ['union', union([...a, ...b]), (t: number) => has(a, t) || has(b, t)],
        ['intersect', intersect(a, b), (t: number) => has(a, t) && has(b, t)],
        ['subtract', subtract(a, b), (t: number) => has(a, t) && !has(b, t)],
      ] as const) {
        const expected = ticks.filter(holds).length;
        assert.equal(length(made), expected, `${name}, seed ${seed}`);
        assert.deepEqual(
          ticks.filter((t) => has(made, t)),
          ticks.filter(holds),
          `${name}, seed ${seed}`,
        );
        assert.deepEqual(made, union(made), `${name} is disjoint and in order, seed ${seed}`);
      }
    }
  });

  it('cut a whole into parts that are disjoint and sum to it, whatever overlaps, over 500 seeded cases', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const next = random(seed);
      const whole = { from: Math.floor(next() * 20), to: 20 + Math.floor(next() * 40) };
      const layers = [['a', some(next)] as const, ['b', some(next)] as const, ['c', some(next)] as const];
      const parts = partition<string>(whole, layers, 'rest');
      const sum = parts.reduce((total, { covers }) => total + length(covers), 0);
      assert.equal(sum, whole.to - whole.from, `seed ${seed}`);
      for (const one of parts)
        for (const other of parts) if (one !== other) assert.deepEqual(intersect(one.covers, other.covers), [], `seed ${seed}`);
      assert.deepEqual(union(parts.flatMap(({ covers }) => covers)), [whole], `seed ${seed}`);
    }
  });

  it('give what two layers claim to the first', () => {
    const parts = partition(
      { from: 0, to: 10 },
      [
        ['a', [{ from: 2, to: 6 }]],
        ['b', [{ from: 4, to: 20 }]],
      ],
      'rest',
    );
    assert.deepEqual(parts, [
      { part: 'a', covers: [{ from: 2, to: 6 }] },
      { part: 'b', covers: [{ from: 6, to: 10 }] },
      { part: 'rest', covers: [{ from: 0, to: 2 }] },
    ]);
  });
});

const ticks = Array.from({ length: 80 }, (_, t) => t);

function some(next: Random): Interval[] {
  return Array.from({ length: Math.floor(next() * 7) }, () => {
    const from = Math.floor(next() * 60);
    return { from, to: from + Math.floor(next() * 15) };
  });
}
