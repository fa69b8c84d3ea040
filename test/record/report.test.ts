import assert from 'node:assert/strict';
import { makeRecord } from '../../record/record.ts';
import { report } from '../../record/report.ts';
import { duration } from '../../record/words.ts';
import { lyingFence, recovered, samples, unprobed } from './samples.ts';

describe('a report', () => {
  for (const sample of samples) {
    it(`of "${sample.name}" is one page that asks nothing of the network and runs nothing`, () => {
      const page = report(makeRecord(sample));
      assert.doesNotMatch(page, /<(script|link|img|iframe|object|embed|base|form)\b|@import|url\((?!#)|\son\w+\s*=/i);
      assert.match(page, /default-src 'none'/);
      assert.doesNotMatch(page, /NaN|Infinity|undefined|\[object/);
    });
  }

  it('escapes whatever a person, a world or a runbook wrote', () => {
    for (const evil of [
      '<script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "'onload='alert(1)",
      '</title><b>',
      '</style><b>',
      '\u202egnp.exe',
      '\u0000',
    ]) {
      const record = makeRecord(recovered);
      const page = report(poison(record, evil) as typeof record);
      assert.ok(!page.includes(evil), `not escaped: ${JSON.stringify(evil)}`);
      assert.doesNotMatch(page, /<(script|img)|<[a-z][^>]*\son(error|load)=/i);
    }
  });

  it('makes a link only of a web address', () => {
    const record = makeRecord(recovered);
    assert.match(report(record), /href="http:\/\/127/);
    assert.doesNotMatch(report({ ...record, run: { ...record.run, link: 'javascript:alert(1)' } }), /href/);
  });

  it('says first whether it worked, and who serves', () => {
    assert.match(report(makeRecord(recovered)), /<h1>\s*orders was recovered at site-b, and has no standby/);
    assert.match(report(makeRecord(lyingFence)), /<h1>\s*The failover of orders was aborted: no site serves/);
  });

  it('shows no figure that was not measured', () => {
    const page = report(makeRecord(unprobed));
    assert.match(page, /not measured/);
    assert.doesNotMatch(page, /✓ met|served again/);
  });
});

describe('durations', () => {
  it('read as people say them', () => {
    const said = [0, 820, 999.6, 4200, 30_000, 59_960, 72_000, 300_000, 7_380_000, 3_600_000, 273_600_000].map(duration);
    assert.deepEqual(said, ['0 ms', '820 ms', '1 s', '4.2 s', '30 s', '1 min', '1 min 12 s', '5 min', '2 h 03 min', '1 h', '3 d 4 h']);
  });
});

/** Puts a text into every field that is free text; what the schema fixes (times, choices) stays. */
function poison(value: unknown, evil: string, key = ''): unknown {
  const fixed = ['verdict', 'result', 'outcome', 'part', 'weight', 'kind', 'how', 'mode', 'name', 'latched', 'link'];
  if (typeof value === 'string') return fixed.includes(key) || /^\d{4}-\d\d-\d\dT/.test(value) ? value : `${value}${evil}`;
  if (Array.isArray(value)) return value.map((one) => poison(one, evil, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, poison(one, evil, name)]));
}
