import assert from 'node:assert/strict';
import { fit, type PastRun } from '../../plan/estimate/fit.ts';
import { forecast } from '../../plan/estimate/forecast.ts';
import { normal, random } from '../../plan/estimate/random.ts';
import type { Plan } from '../../plan/plan.ts';
import { plan } from './sample.ts';

/** Steps that take these usual times, each after those it needs. */
function graph(steps: { readonly [id: string]: readonly string[] }): Plan {
  const made = plan();
  const like = made.steps.find(({ kind }) => kind === 'step')!;
  const nodes = Object.entries(steps).map(([id, needs]) => ({ ...like, id, needs, remaining: 1_000, only: undefined }));
  return { ...made, steps: nodes } as unknown as Plan;
}

describe('the forecast of a run', () => {
  const chain = graph({ a: [], b: ['a'], c: ['b'], d: ['c'], e: ['d'] });
  const fan = graph({ a: [], b: [], c: [], d: [], e: [], end: ['a', 'b', 'c', 'd', 'e'] });
  const merges = graph({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'], e: ['d'], f: ['d'], end: ['e', 'f'] });

  /** Runs whose steps take 20 s to 60 s, spread as logarithms, with a slow or quick day in common. */
  function past(ids: readonly string[], count: number, seed: number, { own = 0.3, day = 0 } = {}): PastRun[] {
    const from = random(seed);
    return Array.from({ length: count }, () => {
      const shared = day * normal(from);
      return {
        durations: Object.fromEntries(ids.map((id, n) => [id, Math.exp(Math.log(20_000 + 10_000 * n) + shared + own * normal(from))])),
      };
    });
  }
  /** What the run took by its own steps. */
  function total({ steps }: Plan, { durations }: PastRun): number {
    const ends = new Map<string, number>();
    for (const { id, needs } of steps) ends.set(id, Math.max(0, ...needs.map((need) => ends.get(need)!)) + durations[id]!);
    return Math.max(...ends.values());
  }

  const kinds: readonly (readonly [what: string, plan: Plan, spread: { own: number; day: number }])[] = [
    ['a chain', chain, { own: 0.3, day: 0 }],
    ['a fan', fan, { own: 0.5, day: 0 }],
    ['paths that part and meet', merges, { own: 0.3, day: 0 }],
    ['a chain with slow days', chain, { own: 0.15, day: 0.4 }],
  ];
  for (const [what, shape, spread] of kinds)
    for (const count of [6, 30])
      it(`of ${what} holds nine of ten runs, after ${count} of them`, () => {
        const ids = shape.steps.map(({ id }) => id);
        const rounds = 300;
        let held = 0;
        for (let seed = 1; seed <= rounds; seed += 1) {
          const all = past(ids, count + 1, seed * 7919, spread);
          const { from, until } = forecast(shape, 'planned', all.slice(0, count), seed);
          const next = total(shape, all[count]!);
          if (next >= from && next <= until) held += 1;
        }
        const share = held / rounds;
        assert.ok(share >= 0.85 && share <= 0.97, `${Math.round(share * 100)} % were held`);
      });

  it('says on how many runs it stands, which steps were never measured, and how far the longest goes', () => {
    const runs = past(['a', 'b', 'c', 'd', 'e'], 4, 1);
    const whole = forecast(chain, 'planned', runs);
    assert.equal(whole.runs, 4);
    assert.deepEqual(whole.unmeasured, []);
    assert.equal(whole.longest?.odds, 4 / 5);
    assert.equal(whole.longest?.took, Math.round(Math.max(...runs.map((run) => total(chain, run)))));
    const less = forecast(
      chain,
      'planned',
      runs.map(({ durations: { e: _, ...durations } }) => ({ durations })),
    );
    assert.deepEqual([less.unmeasured, less.longest], [['e'], null]);
    const none = forecast(chain, 'planned', []);
    assert.deepEqual([none.runs, none.unmeasured.length, none.longest], [0, 5, null]);
    assert.ok(none.until > none.median);
  });

  it('names the steps whose shortening would help, and none that others wait out', () => {
    const two = graph({ slow: [], quick: [], end: ['slow', 'quick'] });
    const runs = Array.from({ length: 5 }, (_, n) => ({ durations: { slow: 60_000 + n * 100, quick: 1_000 + n, end: 10_000 + n * 10 } }));
    const { helps } = forecast(two, 'planned', runs);
    assert.deepEqual(
      helps.map(({ step }) => step),
      ['slow', 'end'],
    );
    assert.ok(Math.abs(helps[0]!.gain - 30_000) < 2_000, `${helps[0]!.gain}`);
    assert.ok(helps[0]!.critical > 0.99);
  });

  it('is the same for the same runs', () => {
    const runs = past(['a', 'b', 'c', 'd', 'e'], 9, 3);
    assert.deepEqual(forecast(chain, 'planned', runs), forecast(chain, 'planned', runs));
  });

  it('takes days that are slow for all steps as they are, once there are enough runs', () => {
    const runs = Array.from({ length: 20 }, (_, n) => ({ durations: n % 2 === 0 ? { a: 1_000, b: 1_000 } : { a: 50_000, b: 50_000 } }));
    const draw = fit(['a', 'b'], runs, () => 1, random(1));
    const into = new Float64Array(2);
    let apart = 0;
    for (let nth = 0; nth < 1_000; nth += 1) {
      draw(into);
      if (Math.abs(Math.log(into[0]! / into[1]!)) > Math.log(10)) apart += 1;
    }
    assert.ok(apart < 150, `${apart} of 1000 draws mix a slow day with a quick one`);
  });
});
