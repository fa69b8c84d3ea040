import assert from 'node:assert/strict';
import type { Found, Promised, SystemState } from '../../workflows/wire.ts';
import { changed } from '../../workflows/system/findings.ts';
import { givenBack, isHeld, shared, wasHeard } from '../../workflows/system/give-back.ts';
import { lend } from '../../workflows/system/lend.ts';
import { nextTime } from '../../workflows/system/next-time.ts';
import { unknown } from '../../workflows/system/rebuild.ts';
import type { BorrowRequest, ReturnRequest } from '../../workflows/system/requests.ts';
import { attributed, heardWord } from '../../workflows/system/said.ts';
import { settle } from '../../workflows/system/settle.ts';
import { systemDetails, wordOf } from '../../workflows/system/state-text.ts';
import { summaryOf } from '../../workflows/system/summary.ts';

const day = 86_400_000;
const start = Date.parse('2026-03-01T03:00:00.000Z');
/** So many days after the beginning, ISO. */
const on = (days: number): string => new Date(start + days * day).toISOString();
const notify = { 'on-call': { webhook: 'http://127.0.0.1:1/hook' } };
const blank: SystemState = { ...unknown('orders'), active: 'site-a', notify };
const back = (change: Partial<ReturnRequest> = {}): ReturnRequest => ({
  system: 'orders',
  epoch: 0,
  serving: 'site-a',
  verdict: 'recovered',
  fences: [],
  workflowId: 'w',
  runId: `run-${(runs += 1)}`,
  ...change,
});
let runs = 0;
const walked = (change: object = {}) => ({
  runbook: 'orders-failover',
  mode: 'planned' as const,
  durations: { promote: 1_000 },
  recovery: { time: 4_000, point: 0 },
  ...change,
});
const found = (subject: string, weight: Found['weight'] = 'must'): Found => ({
  subject,
  code: 'broken',
  weight,
  text: `${subject} is broken`,
});
const rehearsed = (passed: boolean, all: readonly Found[], tried: readonly string[]) =>
  back({ verdict: passed ? 'rehearsed' : 'failed', rehearsed: { ...walked(), passed, found: all, tried } });
const promising = (promised: Promised): SystemState => ({ ...blank, promised, promisedSince: on(0) });
const tick = (state: SystemState, days: number) => settle(state, state, on(days));

describe('what is promised of a system', () => {
  it('and was never proven is due from when the promise was known, and people hear of it daily until it is proven', () => {
    let state = promising({ rehearsal: 35 * day });
    const heard: string[] = [];
    for (let days = 0; days < 40; days += 0.5) {
      const { state: next, news } = tick(state, days);
      state = next;
      heard.push(...news.map(({ event }) => `${event} ${days}`));
    }
    assert.deepEqual(heard, ['unproven 35', 'unproven 36', 'unproven 37', 'unproven 38', 'unproven 39']);
    assert.equal(wordOf(state), 'not proven: rehearsal');
    const proven = settle(state, shared(state, rehearsed(true, [], ['promote']), on(40)), on(40));
    assert.deepEqual(
      proven.news.map(({ event, title }) => [event, title]),
      [['proven again', 'orders: rehearsal is proven again']],
    );
    assert.equal(wordOf(proven.state), 'protected');
    assert.equal(nextTime(proven.state), on(75));
  });

  it('has each a time of its own, and a rehearsal that fails proves nothing', () => {
    const failed = shared(
      promising({ rehearsal: 30 * day, exercise: 90 * day }),
      rehearsed(false, [found('promote')], ['promote']),
      on(20),
    );
    assert.equal(failed.proven?.rehearsal, undefined);
    assert.deepEqual(
      tick(failed, 31).state.alarms?.map(({ what }) => what),
      ['rehearsal'],
    );
    assert.equal(wordOf(tick(failed, 91).state), 'not proven: rehearsal, exercise');
  });

  it('of which nobody can be told yet is told as soon as somebody can', () => {
    const { notify: _, ...nobody } = promising({ backup: day });
    const silent = tick(nobody, 2);
    assert.deepEqual([silent.news, silent.state.alarms?.[0]?.toldAt], [[], null]);
    assert.equal(nextTime(silent.state), null, 'it does not wake up for nothing');
    assert.deepEqual(
      settle(silent.state, { ...silent.state, notify }, on(3)).news.map(({ event }) => event),
      ['unproven'],
    );
  });

  it('is proven as an exercise by a planned run in production that ended recovered, and by no other', () => {
    const after = (verdict: ReturnRequest['verdict'], change: object = {}) =>
      givenBack(blank, back({ verdict, walked: walked(change) }), on(1)).proven?.exercise?.note;
    assert.equal(after('recovered'), 'orders-failover');
    assert.equal(after('recovered, unprotected', { runbook: 'orders-failback' }), 'orders-failback');
    assert.deepEqual([after('recovered', { mode: 'unplanned' }), after('backed out'), after('proven')], [undefined, undefined, undefined]);
  });
});

describe('findings of a system', () => {
  const once = shared(blank, rehearsed(false, [found('promote'), found('rows', 'should')], ['promote', 'rows']), on(1));

  it('have an id that stays, count how often they were seen, and keep their owner', () => {
    const owned = {
      ...once,
      findings: changed(once.findings!, { id: 'orders-failover/promote/broken', by: 'alice', owner: 'bob', due: on(9) }, on(2)),
    };
    const again = shared(owned, rehearsed(false, [found('promote')], ['promote']), on(3));
    const [promote, rows] = again.findings!;
    assert.deepEqual(
      [promote!.times, promote!.owner, promote!.due, promote!.firstSeen, promote!.lastSeen],
      [2, 'bob', on(9), on(1), on(3)],
    );
    assert.deepEqual([rows!.state, rows!.times], ['open', 1], 'what was not tried stays as it is');
  });

  it('are closed by a retest that does not find them, and opened again by one that does; people hear of what is new', () => {
    const mended = shared(once, rehearsed(true, [], ['promote', 'rows']), on(2));
    assert.deepEqual(
      mended.findings!.map(({ state, word }) => [state, word?.by]),
      [
        ['closed', 'retest'],
        ['closed', 'retest'],
      ],
    );
    const again = shared(mended, rehearsed(false, [found('promote')], ['promote']), on(3));
    const { news } = settle(mended, again, on(3));
    assert.deepEqual(
      news.map(({ event, text }) => [event, text]),
      [['finding', ['must: orders-failover/promote/broken: promote is broken']]],
    );
    assert.deepEqual(settle(once, shared(once, rehearsed(false, [found('promote')], []), on(3)), on(3)).news, [], 'known ones are no news');
  });

  it('whose risk was accepted are open again from that date on, without anything happening', () => {
    const until = on(10);
    const accepted = {
      ...once,
      findings: changed(
        once.findings!,
        { id: 'orders-failover/promote/broken', by: 'alice', state: { is: 'accepted', reason: 'known', until } },
        on(2),
      ),
    };
    assert.equal(nextTime(accepted), until);
    assert.equal(tick(accepted, 9).state.findings![0]!.state, 'accepted');
    const { state, news } = tick(accepted, 10);
    assert.deepEqual([state.findings![0]!.state, news.map(({ event }) => event)], ['open', ['finding']]);
  });

  it('that nobody knows cannot be changed', () =>
    assert.throws(() => changed(once.findings!, { id: 'x/y/z', by: 'alice' }, on(2)), /there is no finding "x\/y\/z"/u));
});

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
    assert.deepEqual(lifted.said, [{ at: minutes(5), by: 'alice', how: 'stated', what: 'lifted the pause', reason: 'site-b burns' }]);
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
      attributed(heardWord(blank, 'stopped', word, on(1)), on(1), { by, how }).stopped?.by;
    assert.equal(name('why', 'stated', 'carol@example.com'), 'carol@example.com');
    assert.equal(name({ by: 'dan', reason: 'why' }, 'stated', 'carol@example.com'), 'dan');
    assert.equal(name({ by: 'dan', reason: 'why' }, 'attested', 'carol@example.com'), 'carol@example.com');
    assert.equal(name(undefined, 'stated', null), 'somebody');
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
    promisedSince: on(0),
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
