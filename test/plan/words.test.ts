import assert from 'node:assert/strict';
import { didYouMean, nearest } from '../../plan/nearest.ts';
import { duration, inWords, readDuration, readSize } from '../../plan/words.ts';

describe('durations and sizes', () => {
  it('are read from words', () => {
    const durations: [string, number][] = [
      ['100 milliseconds', 100],
      ['1 second', 1_000],
      ['1.5 minutes', 90_000],
      ['2 hours', 7_200_000],
      ['35 days', 3_024_000_000],
      ['2 weeks', 1_209_600_000],
    ];
    for (const [text, expected] of durations) assert.deepEqual(readDuration(text), { value: expected });
    const sizes: [string, number][] = [
      ['512 bytes', 512],
      ['1 byte', 1],
      ['1 MB', 1e6],
      ['1.5 GiB', 1_610_612_736],
      ['8 kB', 8_000],
    ];
    for (const [text, expected] of sizes) assert.deepEqual(readSize(text), { value: expected });
  });

  it('are refused with what to write instead', () => {
    const fix = (read: object): string => ('fix' in read ? String(read.fix) : 'none');
    const cases: [string, string][] = [
      ['30s', 'write "30 seconds"'],
      ['30 s', 'write "30 seconds"'],
      ['5 mins', 'write "5 minutes"'],
      ['5minutes', 'write "5 minutes"'],
      ['5 Minutes', 'write a number and a unit in words, such as "30 seconds" or "5 minutes"'],
      ['100ms', 'write "100 milliseconds"'],
    ];
    for (const [text, expected] of cases) assert.equal(fix(readDuration(text)), expected, text);
    for (const text of [
      '',
      'soon',
      '-1 second',
      '1 month',
      '1 second 2 minutes',
      '0.5 milliseconds',
      '400 days',
      'constructor',
      '1 constructor',
      '1e3 seconds',
    ])
      assert.notEqual(fix(readDuration(text)), 'none', text);
    for (const text of ['1', 'MB', '1 mib', '1 Mb', '99999999999 TB', '1 toString']) assert.notEqual(fix(readSize(text)), 'none', text);
    assert.throws(() => duration('30s'), /"30s" is not a duration: write "30 seconds"/);
  });

  it('are said in words', () => {
    const said: [number, string][] = [
      [1, '1 millisecond'],
      [999, '999 milliseconds'],
      [1_499, '1 second'],
      [90_000, '1 minute 30 seconds'],
      [93_784_000, '1 day 2 hours'],
    ];
    for (const [milliseconds, expected] of said) assert.equal(inWords(milliseconds), expected);
  });
});

describe('did you mean', () => {
  it('finds a near name, and swapped letters', () => {
    assert.equal(nearest('pormote', ['promote', 'demote']), 'promote');
    assert.equal(nearest('Orders', ['orders']), 'orders');
    assert.equal(nearest('entirely-else', ['promote', 'fence']), undefined);
  });
  it('lists what there is where nothing is near', () => {
    assert.equal(didYouMean('x-x-x', ['alpha', 'beta'], 'steps'), 'steps: alpha, beta');
    assert.equal(didYouMean('x-x-x', [], 'steps'), 'there are no steps');
  });
});
