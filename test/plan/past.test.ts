import assert from 'node:assert/strict';
import type { StepType } from '../../activities/step.ts';
import { forecast } from '../../plan/estimate/forecast.ts';
import { pastOf, type Remembered } from '../../plan/estimate/past.ts';
import { inFull, inShort } from '../../plan/estimate/say.ts';
import type { Plan, PlanNode } from '../../plan/plan.ts';
import { duration } from '../../record/words.ts';

describe('what earlier runs tell of the next one', () => {
  const types = [
    { name: 't.promote', effect: 'change', rehearse: () => undefined },
    { name: 't.power', effect: 'destroy', proves: true, rehearse: () => undefined },
    { name: 't.check', effect: 'read', proves: true, rehearse: () => undefined },
    { name: 't.quiesce', effect: 'change', rehearse: { none: 'there is nothing to stop' } },
  ] as unknown as StepType[];
  const node = (id: string, uses: string, needs: string[] = [], more: object = {}): PlanNode =>
    ({ kind: 'step', id, needs, remaining: 1_000, line: 1, action: { uses }, ...more }) as unknown as PlanNode;
  const steps = [node('fence', 't.power'), node('promote', 't.promote', ['fence']), node('rows', 't.check', ['promote'])];
  const live: Pick<Plan, 'steps'> = { steps };
  const rehearsed = { steps, rehearsal: {} } as unknown as Plan;
  const run = (isLive: boolean, durations: Remembered['durations'], bytes?: Remembered['bytes']): Remembered => ({
    live: isLive,
    durations,
    ...(bytes === undefined ? {} : { bytes }),
  });

  it('is what rehearsals did on copies, and not how long it took to read what a live run would switch', () => {
    const past = [run(false, { fence: 50, promote: 2_000, rows: 100 }), run(true, { fence: 6_000, promote: 3_000, rows: 90 })];
    assert.deepEqual(pastOf(live, past, types), [
      { durations: { promote: 2_000, rows: 100 } },
      { durations: { fence: 6_000, promote: 3_000, rows: 90 } },
    ]);
    assert.deepEqual(pastOf(rehearsed, past, types), [{ durations: { fence: 50, promote: 2_000, rows: 100 } }]);
  });

  it('counts for the size of today where it was moved, and only where its size is its time', () => {
    const big = [run(true, { promote: 10_000 }, { promote: 1e9 }), run(true, { promote: 21_000 }, { promote: 2e9 })];
    assert.deepEqual(
      pastOf(live, big, types).map(({ durations }) => durations['promote']),
      [20_000, 21_000],
    );
    const small = [run(true, { promote: 10_000 }, { promote: 1e6 }), run(true, { promote: 11_000 }, { promote: 2e6 })];
    assert.deepEqual(
      pastOf(live, small, types).map(({ durations }) => durations['promote']),
      [10_000, 11_000],
    );
  });

  it('takes no time for what a rehearsal leaves out', () => {
    const [fence, ...rest] = steps as [PlanNode, ...PlanNode[]];
    const plan = { steps: [{ ...fence, rehearsal: { none: 'it would cut the power' } }, ...rest], rehearsal: {} } as unknown as Plan;
    const told = forecast(plan, 'planned', [run(false, { promote: 2_000, rows: 100 }), run(false, { promote: 2_100, rows: 90 })]);
    assert.deepEqual([told.unmeasured, told.longest?.took], [[], 2_190]);
  });

  it('is said in words that claim no more than was measured', () => {
    const none = forecast(live as Plan, 'planned', []);
    assert.match(inShort(none, duration), /by what is usual for its step types: nothing like it was ever measured$/u);
    assert.deepEqual(inFull(none, duration), []);
    const past = Array.from({ length: 6 }, (_, n) => run(false, { promote: 2_000 + 100 * n, rows: 100 }));
    const told = forecast(live as Plan, 'planned', pastOf(live, past, types));
    assert.match(
      inShort(told, duration),
      /^about .*, nine of ten between .* and .*; from 6 runs and rehearsals; 1 step was never measured$/u,
    );
    const [measured, most] = inFull(told, duration);
    assert.match(measured!, /^Never measured, so what is usual for its type: fence\.$/u);
    assert.match(most!, /^Shortening would help most at promote \(half of it: .* less; on the longest path in 100 %\)/u);
    const whole = forecast(
      live as Plan,
      'planned',
      pastOf(live, [...past.map(({ durations }) => run(true, { ...durations, fence: 500 }))], types),
    );
    assert.match(
      inFull(whole, duration)[0]!,
      /^The longest so far took 3\.1 s: of 6 runs by all of its steps no more can be said than that the next takes no longer in 86 %\.$/u,
    );
  });
});
