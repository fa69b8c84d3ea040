import assert from 'node:assert/strict';
import type { Backup, BackupNews } from '../../activities/step.ts';
import type { SystemState } from '../../workflows/wire.ts';
import { changed } from '../../workflows/system/findings.ts';
import { givenBack, shared } from '../../workflows/system/give-back.ts';
import { nextTime } from '../../workflows/system/next-time.ts';
import type { ReturnRequest } from '../../workflows/system/requests.ts';
import { settle } from '../../workflows/system/settle.ts';
import { wordOf } from '../../workflows/system/state-text.ts';
import { back, blank, day, found, notify, on, promising, rehearsed, tick, walked } from './a-system.ts';

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

  it('is said to be proven again where it was, and not where it is promised no more', () => {
    const late = tick(promising({ backup: day, rehearsal: day }), 2).state;
    assert.equal(late.alarms?.length, 2);
    const news = (request: ReturnRequest) => settle(late, shared(late, request, on(2.5)), on(2.5)).news.map(({ title }) => title);
    assert.deepEqual(news(back({ promised: { backup: day } })), []);
    assert.deepEqual(news(back({ promised: { backup: day, rehearsal: 9 * day } })), []);
    const passed = rehearsed(true, [], []);
    assert.deepEqual(news(passed), ['orders: rehearsal is proven again']);
  });

  it('is due from when that promise was known, and not from when another was', () => {
    const early = promising({ backup: 400 * day });
    const state = shared(early, back({ promised: { backup: 400 * day, exercise: 90 * day } }), on(365));
    assert.deepEqual(tick(state, 366).state.alarms, []);
    assert.equal(nextTime(state), on(400));
    assert.equal(wordOf(tick(state, 455).state), 'not proven: backup, exercise');
  });

  it('of looks is promised by looks alone, and withdrawn by one that finds none scheduled', () => {
    const looked = { ready: true, because: [], found: [], tried: [] };
    const first = shared(blank, back({ verdict: 'ready', looked, promised: { backup: day, readiness: day } }), on(1));
    const run = shared(first, back({ promised: { backup: day } }), on(2));
    assert.deepEqual(run.promised, { readiness: day, backup: day });
    const last = shared(run, back({ verdict: 'ready', looked, promised: { backup: 9 * day } }), on(3));
    assert.deepEqual(last.promised, { backup: 9 * day });
    assert.deepEqual(tick(last, 9).state.alarms, []);
  });

  it('is proven of backups by the oldest of every kind that is saved now, and by nothing that is saved no more', () => {
    const saved = (holds: Backup['holds'], days: number): BackupNews => {
      const backup = { label: `${holds} ${days}`, store: 'vault', holds, kind: 'full', at: on(days), bytes: 1, compared: ['all'] } as const;
      return { store: 'vault', holds, complete: false, backups: [{ ...backup, provenAt: on(days) }] };
    };
    const after = (state: SystemState, days: number, saves?: ReturnRequest['saves']): SystemState =>
      shared(state, back({ verdict: 'proven', backups: [saved('database', days)], ...(saves === undefined ? {} : { saves }) }), on(days));
    const both = shared(promising({ backup: day }), back({ backups: [saved('files', 1), saved('database', 1)] }), on(1));
    assert.equal(after(both, 5).proven?.backup?.at, on(1), 'silence tells nothing');
    assert.equal(after(both, 5, ['database', 'files']).proven?.backup?.at, on(1));
    const only = after(both, 5, ['database']);
    assert.equal(only.proven?.backup?.at, on(5));
    assert.deepEqual(tick(only, 5.5).state.alarms, []);
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
      findings: changed(once.findings!, { id: 'orders-failover/promote/broken', by: 'alice', owner: 'bob', due: '2026-03-10' }, on(2)),
    };
    const again = shared(owned, rehearsed(false, [found('promote')], ['promote']), on(3));
    const [promote, rows] = again.findings!;
    assert.deepEqual(
      [promote!.times, promote!.owner, promote!.due, promote!.firstSeen, promote!.lastSeen],
      [2, 'bob', '2026-03-10', on(1), on(3)],
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

  it('are changed to nothing that no finding can be: states and times that are none are refused, and a time is kept as UTC', () => {
    const id = 'orders-failover/promote/broken';
    const change = (what: object) => changed(once.findings!, { id, by: 'alice', ...what }, on(2))[0]!;
    const accepted = (until: unknown) => change({ state: { is: 'accepted', reason: 'known', until } }).word?.until;
    assert.equal(accepted('2027-01-01T00:00:00+02:00'), '2026-12-31T22:00:00.000Z');
    for (const until of ['next friday', '', 5, null, '+123456-01-01T00:00:00Z']) assert.throws(() => accepted(until), /is no time/u);
    for (const due of ['soon', '2027-02-30', '2027-01-31T00:00:00Z', 7]) assert.throws(() => change({ due }), /is no day/u);
    assert.throws(() => change({ state: { is: 'mended', reason: 'r' } }), /"mended" is no state of a finding; there are open, accepted/u);
    assert.throws(() => change({ owner: { name: 'bob' } }), /are texts/u);
  });

  it('that nobody knows cannot be changed', () =>
    assert.throws(() => changed(once.findings!, { id: 'x/y/z', by: 'alice' }, on(2)), /there is no finding "x\/y\/z"/u));
});
