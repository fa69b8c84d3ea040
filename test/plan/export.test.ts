import assert from 'node:assert/strict';
import { estimate, inOrder } from '../../plan/estimate.ts';
import { checklist } from '../../plan/export.ts';
import { gate, head, plan, whole } from './sample.ts';
import { types } from './types.ts';

describe('the estimate', () => {
  it('gives the longest path of each mode and what it takes', () => {
    const made = plan();
    assert.deepEqual([estimate(made, 'planned').path, estimate(made, 'planned').expected], [['ok', 'quiesce', 'promote', 'rows'], 1_250]);
    assert.deepEqual([estimate(made, 'unplanned').path, estimate(made, 'unplanned').expected], [['ok', 'fence', 'promote', 'rows'], 1_050]);
    assert.deepEqual(estimate(made, 'unplanned').steps, { ok: 0, fence: 600, promote: 400, rows: 50 });
  });

  it('orders the steps of a mode so that each stands behind those it needs', () => {
    const shuffled = whole
      .split('\n')
      .filter(Boolean)
      .toReversed()
      .map((line) => `${line}\n`)
      .join('');
    assert.deepEqual(
      inOrder(plan(shuffled), 'planned').map(({ id }) => id),
      ['ok', 'quiesce', 'promote', 'rows'],
    );
  });
});

describe('the checklist', () => {
  const page = checklist(plan(), 'unplanned', types);

  it('has a box for each step of the mode, in order, and says who decides and what proves', () => {
    assert.deepEqual(
      [...page.matchAll(/^\d+\. \[ \] \*\*(.+?)\*\*/gm)].map((found) => found[1]),
      ['ok', 'fence', 'promote', 'rows'],
    );
    assert.match(page, /Approval of one person of dr-leads \(alice@example\.com, bob@example\.com\); not of the one who started this/);
    assert.match(page, /Must prove: the old primary is cut off, seen in two independent ways/);
    assert.match(page, /Only with the proof of: fence\./);
    assert.match(page, /host: a-db \(site-a, 10\.77\.1\.11\)/);
    assert.match(page, /\| b-db \| site-b \| 10\.77\.2\.11 \| 22 → 6022, 5432 → 6000 \|/);
    assert.doesNotMatch(page, /quiesce/);
  });

  it('holds no secret and lets no text become markup', () => {
    const hostile = plan(gate.replace('Go?', '"<script>alert(1)</script> **now** | [x](y)"'), {
      before: head.replace('Moves orders.', '"<b>x</b>"'),
    });
    const text = checklist(hostile, 'planned');
    assert.doesNotMatch(text, /(?<!\\)<script|(?<!\\)<b>|(?<!\\)\*\*now/);
    assert.doesNotMatch(text, /env:BMC|file:\/pw/);
  });
});
