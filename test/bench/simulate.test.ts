import assert from 'node:assert/strict';
import { alarmsDue, wrongs, type Proof, type Told } from '../../bench/simulate/expected.ts';
import { day, hour } from '../../bench/simulate/story.ts';

describe('the judge of the simulated year', () => {
  const end = 100 * day;
  const proofs: readonly Proof[] = [5, 30, 90].map((at) => ({ what: 'rehearsal', at: at * day }));
  const alarms = alarmsDue({ rehearsal: 36 * day }, 0, proofs, end);
  const daily: readonly Told[] = Array.from({ length: 24 }, (_, n) => ({ what: 'rehearsal', event: 'unproven', at: (66 + n) * day }));
  const again: Told = { what: 'rehearsal', event: 'proven again', at: 90 * day };

  it('knows by arithmetic when an alarm is due, and when it is over', () => {
    assert.deepEqual(alarms, [{ what: 'rehearsal', from: 66 * day, until: 90 * day }]);
    assert.deepEqual(alarmsDue({ rehearsal: 36 * day }, 0, [], end), [{ what: 'rehearsal', from: 36 * day, until: null }]);
    assert.deepEqual(alarmsDue({ backup: 2 * day }, 99 * day, [], end), [], 'due after the end');
  });

  it('finds nothing wrong where people were told in time, each day, and that it is over', () => {
    assert.deepEqual(wrongs(alarms, [...daily, again], end), []);
  });

  const cases: readonly (readonly [what: string, told: readonly Told[], said: RegExp])[] = [
    ['never came', [again], /did not come/u],
    ['came late', [...daily.slice(1), again], /did not come/u],
    ['was not repeated', [daily[0]!, again], /was told 1 times in 23 days/u],
    ['did not clear', daily, /did not clear/u],
    [
      'came with nothing amiss',
      [...daily, again, { ...daily[0]!, at: 40 * day }],
      /people were told "unproven" of rehearsal, and it was not so/u,
    ],
    ['cleared by itself', [...daily, again, { ...again, at: 70 * day + hour }], /people were told "proven again"/u],
  ];
  for (const [what, told, said] of cases)
    it(`finds an alarm that ${what}`, () => {
      assert.match(wrongs(alarms, told, end).join('\n'), said);
    });
});
