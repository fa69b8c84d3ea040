import assert from 'node:assert/strict';
import type { Entry } from '../../record/journal.ts';
import { expectedOf } from '../../record/expected.ts';
import type { Walked } from '../../record/steps.ts';

describe('what was expected of a run', () => {
  const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 22, 12, 0, seconds)).toISOString();
  const step = (id: string, from: number, to: number | null, outcome = 'done'): Walked =>
    ({
      id,
      kind: 'step',
      outcome,
      attempts: [{ begunAt: at(from), endedAt: to === null ? null : at(to) }],
    }) as unknown as Walked;
  const journal = (runs = 6): Entry[] => [
    {
      at: at(0),
      what: 'compiled',
      digest: 'd',
      revision: null,
      runbook: 'r',
      warnings: [],
      forecast: {
        ...{ runs, median: 20_000, from: 15_000, until: 30_000, longest: null, unmeasured: [], helps: [] },
        ...{ mode: 'planned', text: 'about 20 s' },
      },
    },
  ];
  const wait = { from: Date.parse(at(5)), to: Date.parse(at(105)) };

  it('is held against what the steps took, without what people were waited for', () => {
    const took = (to: number) => expectedOf(journal(), [step('a', 1, 5), step('b', 105, to)], [wait]);
    assert.deepEqual([took(121)?.took, took(121)?.result], [20_000, 'as expected']);
    assert.equal(took(140)?.result, 'slower');
    assert.equal(took(106)?.result, 'quicker');
  });

  it('is not compared where nothing was done, or nothing like it was ever measured, and absent where nobody said it', () => {
    assert.deepEqual([expectedOf(journal(), [step('a', 1, 5, 'failed')], [])?.result], ['not compared']);
    assert.equal(expectedOf(journal(0), [step('a', 1, 50)], [])?.result, 'not compared');
    assert.equal(expectedOf([], [step('a', 1, 50)], []), null);
  });
});
