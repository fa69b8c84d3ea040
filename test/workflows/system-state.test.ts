import assert from 'node:assert/strict';
import type { SystemState } from '../../workflows/wire.ts';
import { givenBack, isHeld, shared, wasHeard } from '../../workflows/system/give-back.ts';
import { lend } from '../../workflows/system/lend.ts';
import { nextTime } from '../../workflows/system/next-time.ts';
import type { BorrowRequest } from '../../workflows/system/requests.ts';
import { attributed, heardWord } from '../../workflows/system/said.ts';
import { settle } from '../../workflows/system/settle.ts';
import { systemDetails, wordOf } from '../../workflows/system/state-text.ts';
import { summaryOf } from '../../workflows/system/summary.ts';
import { back, blank, day, found, on, rehearsed, tick, walked } from './a-system.ts';

describe('what a run gives back', () => {
  it('counts once, however often it is told', () => {
    const one = rehearsed(false, [found('promote')], ['promote']);
    const state = shared(blank, one, on(1));
    assert.deepEqual([wasHeard(blank, one), wasHeard(state, one), wasHeard(state, back())], [false, true, false]);
  });

  it('says nothing of who serves, nor of fences, where it acted on copies', () => {
    const request = { ...rehearsed(true, [], []), epoch: null, serving: 'site-b' };
    assert.equal(isHeld(blank, request), false);
    assert.equal(shared(blank, request, on(1)).active, 'site-a');
  });

  it('is remembered for estimates: the last 20 of a runbook, fewer of a long one, none that did nothing', () => {
    const many = (steps: number): number => {
      const durations = Object.fromEntries(Array.from({ length: steps }, (_, n) => [`s${n}`, n]));
      let state = blank;
      for (let n = 0; n < 25; n += 1) state = shared(state, back({ walked: walked({ durations }) }), on(n));
      return state.measured?.['orders-failover']?.length ?? 0;
    };
    assert.deepEqual([many(0), many(3), many(1_000), many(5_000)], [0, 20, 3, 1]);
  });
});

describe('a system that was moved just now', () => {
  const moved = givenBack(blank, back({ serving: 'site-b', rest: 15 * 60_000, workflowId: 'failover-orders' }), on(1));
  const ask = (kind: string, live = true): BorrowRequest => ({
    system: 'orders',
    kind,
    live,
    active: 'site-b',
    epoch: moved.epoch,
    workflowId: `${kind}-orders`,
    runId: 'next',
    ...(live ? {} : { shares: true }),
  });
  const minutes = (count: number): string => new Date(Date.parse(on(1)) + count * 60_000).toISOString();

  it('is not failed over again before it has rested, and the refusal says how the pause is lifted', () => {
    const { answer, next } = lend(moved, ask('failover'), minutes(5));
    assert.ok(!answer.granted && !answer.stale);
    assert.match(answer.note, /orders rests until .*failover-orders moved it to site-b just before.*lifeboat resume orders --lift-rest/u);
    assert.equal(next, null);
  });

  it('may be failed back, backed up and rehearsed all the while, and failed over after it', () => {
    for (const kind of ['failback', 'restore']) assert.equal(lend(moved, ask(kind), minutes(5)).answer.granted, true, kind);
    assert.equal(lend(moved, ask('backup', false), minutes(5)).answer.granted, true);
    assert.equal(lend(moved, ask('failover'), minutes(15)).answer.granted, true);
    assert.equal(settle(moved, moved, minutes(15)).state.rest, null);
    assert.equal(nextTime(moved), minutes(15));
  });

  it('may be failed over at once where a person lifted the pause, which is written down', () => {
    const lifted = heardWord(moved, 'lifted the pause', { by: 'alice', reason: 'site-b burns' }, minutes(5));
    assert.equal(lend(lifted, ask('failover'), minutes(5)).answer.granted, true);
    assert.deepEqual(lifted.said, [
      { nth: 1, at: minutes(5), by: 'alice', how: 'stated', what: 'lifted the pause', reason: 'site-b burns' },
    ]);
  });

  it('rests not where it was not moved, nor after a run that is no failover', () => {
    assert.equal(givenBack(blank, back({ verdict: 'backed out', rest: 900_000 }), on(1)).rest, null);
    assert.equal(givenBack(blank, back(), on(1)).rest, null);
  });
});

describe('the kill switch', () => {
  const stopped = heardWord(blank, 'stopped', 'the array loses writes', on(1));

  it('refuses every new loan, of whatever kind, and says who stopped it and why', () => {
    for (const [kind, live] of [
      ['failover', true],
      ['failback', true],
      ['backup', true],
      ['rehearsal', false],
    ] as const) {
      const { answer } = lend(stopped, { system: 'orders', kind, live, active: 'site-a', epoch: 0, workflowId: 'w', runId: 'r' }, on(1));
      assert.ok(!answer.granted && !answer.stale, kind);
      assert.match(answer.note, /stopped by somebody at .*: the array loses writes.*lifeboat resume orders/u);
    }
    assert.equal(wordOf(stopped), 'stopped');
  });

  it('takes what the server computed of its sender before what was stated, and what was stated before nothing', () => {
    const name = (word: Parameters<typeof heardWord>[2], how: 'attested' | 'stated', by: string | null) =>
      attributed(heardWord(blank, 'stopped', word, on(1)), 1, { by, how }).stopped?.by;
    assert.equal(name('why', 'stated', 'carol@example.com'), 'carol@example.com');
    assert.equal(name({ by: 'dan', reason: 'why' }, 'stated', 'carol@example.com'), 'dan');
    assert.equal(name({ by: 'dan', reason: 'why' }, 'attested', 'carol@example.com'), 'carol@example.com');
    assert.equal(name(undefined, 'stated', null), 'somebody');
  });

  it('names who said each word, also of several that were heard at one time', () => {
    const words = heardWord(heardWord(blank, 'stopped', 'it burns', on(1)), 'allowed', 'it is out', on(1));
    const alice = attributed(words, 1, { by: 'alice', how: 'attested' });
    const { said, stopped } = attributed(heardWord(alice, 'stopped', 'again', on(1)), 3, { by: 'carol', how: 'attested' });
    assert.deepEqual(
      attributed({ ...alice, said: said! }, 2, { by: 'bob', how: 'attested' }).said?.map(({ what, by }) => `${what} ${by}`),
      ['stopped alice', 'allowed bob', 'stopped carol'],
    );
    assert.equal(stopped?.by, 'carol');
    let many = heardWord(blank, 'allowed', null, on(1));
    for (let n = 0; n < 30; n += 1) many = heardWord(many, 'allowed', null, on(1));
    assert.equal(attributed(many, 31, { by: 'bob', how: 'stated' }).said?.at(-1)?.by, 'bob', 'of more than are remembered');
  });

  it('is ended by a word, and remembers the last 20', () => {
    let state = stopped;
    for (let n = 0; n < 30; n += 1) state = heardWord(state, n % 2 === 0 ? 'allowed' : 'stopped', { by: 'alice', reason: `${n}` }, on(n));
    assert.equal(heardWord(state, 'allowed', null, on(31)).stopped, null);
    assert.equal(state.said?.length, 20);
  });
});

describe('what is shown of a system', () => {
  const long = (text: string): string => text.repeat(200).slice(0, 63);
  const crowded: SystemState = {
    ...blank,
    system: long('system-'),
    active: long('site-'),
    holder: { workflowId: long('failover-').repeat(8), runId: 'r', kind: 'failover', live: true, since: on(0) },
    unprotectedSince: on(0),
    promised: { backup: day, rehearsal: day, exercise: day, readiness: day },
    promisedSince: { backup: on(0), rehearsal: on(0), exercise: on(0), readiness: on(0) },
    ready: { is: false, at: on(1), because: ['das Zertifikat läuft ab – «überall» '.repeat(30)] },
    stopped: { by: 'ä'.repeat(500), at: on(0), reason: 'ü'.repeat(500) },
    rest: { until: on(9), why: 'x'.repeat(500) },
    head: { count: 99_999, digest: 'f'.repeat(64), at: on(0), signature: 's'.repeat(88) },
    lastRun: { workflowId: long('failover-').repeat(8), runId: 'r', verdict: 'recovered, unprotected', at: on(0) },
  };
  const busy = Array.from({ length: 30 }, (_, n) => n).reduce<SystemState>(
    (state, n) => shared(state, { ...rehearsed(n % 2 === 0, [found(`step ${n}`)], []), backups: [] }, on(n)),
    { ...crowded, proven: { backup: { at: on(0), run: 'r', note: '' }, exercise: { at: on(0), run: 'r', note: '' } } },
  );

  it('fits into a memo, with long names and many runs: the newest of them stay', () => {
    const summary = summaryOf(tick(busy, 60).state);
    const size = Buffer.byteLength(JSON.stringify(summary));
    assert.ok(size <= 1_900, `${size} bytes`);
    assert.equal(summary.alarms.length, 4);
    assert.equal(summaryOf({ ...busy, stopped: null }).findings.open, 30);
    const trend = summaryOf({ ...blank, measured: busy.measured! }).trend;
    assert.equal(trend.at(-1)?.at, on(29));
  });

  it('as words and as a page says who serves, what is due, what is found, and how it is stopped', () => {
    const { state } = tick({ ...busy, stopped: null, system: 'orders' }, 60);
    assert.ok(wordOf(state).length <= 255);
    const page = systemDetails(state);
    assert.ok(page.length <= 4_000);
    assert.match(page, /## orders: not proven: backup, rehearsal[\s\S]*Served by site-[\s\S]*\| rehearsal \|/u);
    for (const words of [/30 findings are open/u, /Stop new effects/u]) assert.match(page, words);
  });
});
