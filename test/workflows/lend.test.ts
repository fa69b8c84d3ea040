import assert from 'node:assert/strict';
import type { Finding, SystemState } from '../../workflows/wire.ts';
import { givenBack as givenBackAt } from '../../workflows/system/give-back.ts';
import { lend as lendAt } from '../../workflows/system/lend.ts';
import type { BorrowRequest, ReturnRequest } from '../../workflows/system/requests.ts';

const holder = { workflowId: 'failover-orders', runId: 'run-1', kind: 'failover', live: true, since: '2026-01-01T00:00:00.000Z' };
const free: SystemState = { system: 'orders', active: 'site-a', epoch: 4, holder: null, fences: [], unprotectedSince: null, lastRun: null };
const held = (change: Partial<typeof holder> = {}): SystemState => ({ ...free, holder: { ...holder, ...change } });
const request = (change: Partial<BorrowRequest> = {}): BorrowRequest => ({
  system: 'orders',
  kind: 'failover',
  live: true,
  active: 'site-a',
  epoch: 4,
  workflowId: 'failover-orders',
  runId: 'run-2',
  ...change,
});

const at = '2026-01-01T12:00:00.000Z';
const lend = (state: SystemState, asked: BorrowRequest) => lendAt(state, asked, at);
const givenBack = (state: SystemState, back: ReturnRequest) => givenBackAt(state, back, at);

describe('the loan of a system', () => {
  it('is granted where nobody has it, with an epoch higher than all before', () => {
    const { answer, next } = lend(free, request());
    assert.deepEqual([answer.granted, answer.granted && answer.epoch, next?.epoch, next?.holder?.runId], [true, 5, 5, 'run-2']);
  });

  it('is granted again, unchanged, to a holder that did not hear the answer', () => {
    const { answer, next } = lend(held(), request({ runId: 'run-1', epoch: 3 }));
    assert.deepEqual([answer.granted, answer.granted && answer.epoch, next], [true, 4, null]);
  });

  it('is refused where another live run has it, and says which', () => {
    const { answer, next } = lend(held(), request({ workflowId: 'failback-orders' }));
    assert.ok(!answer.granted && !answer.stale);
    assert.equal(answer.holder, 'failover-orders');
    assert.match(answer.note, /lifeboat status failover-orders/u);
    assert.equal(next, null);
  });

  it('is taken from a backup or a rehearsal by a live run, without waiting for it', () => {
    const { answer, next } = lend(held({ live: false, kind: 'backup', workflowId: 'backup-orders' }), request());
    assert.ok(answer.granted && answer.note.includes('taken from backup-orders'));
    assert.equal(next?.holder?.runId, 'run-2');
  });

  it('is not taken by a backup from anybody', () => {
    assert.equal(lend(held(), request({ live: false, kind: 'backup' })).answer.granted, false);
    assert.equal(lend(held({ live: false }), request({ live: false, kind: 'backup' })).answer.granted, false);
  });

  it('is not granted to a plan that is older than the last loan: it is to be compiled again', () => {
    for (const epoch of [0, 3, 5]) {
      const { answer, next } = lend(free, request({ epoch }));
      assert.ok(!answer.granted && answer.stale, `epoch ${epoch}`);
      assert.equal(next, null);
    }
  });

  it('is lost by a live holder that runs no longer, and what it changed is to be read before anybody else has it', () => {
    const { answer, next } = lend(held(), request({ evict: 'run-1' }));
    assert.ok(!answer.granted && answer.stale);
    assert.deepEqual([next?.holder, next?.epoch], [null, 5]);
    assert.equal(lend(next!, request({ evict: 'run-1', epoch: 5 })).answer.granted, true);
  });

  it('is not lost where another than the holder is named', () => {
    assert.equal(lend(held(), request({ evict: 'run-0' })).next, null);
  });

  it('once given back leaves every plan compiled meanwhile too old', () => {
    const back = {
      system: 'orders',
      epoch: 4,
      serving: 'site-b',
      verdict: 'recovered, unprotected',
      fences: [],
      workflowId: 'failover-orders',
      runId: 'run-1',
    } as const;
    const state = givenBack(held(), back);
    assert.deepEqual([state.holder, state.active], [null, 'site-b']);
    assert.notEqual(state.unprotectedSince, null);
    const { answer } = lend(state, request({ epoch: 4 }));
    assert.ok(!answer.granted && answer.stale);
  });

  it('is protected again by a run that restores a standby, and by no other that restores', () => {
    const since = '2026-11-22T10:00:00.000Z';
    const back = {
      system: 'orders',
      epoch: 4,
      serving: 'site-b',
      verdict: 'restored',
      fences: [],
      workflowId: 'w',
      runId: 'run-1',
    } as const;
    const after = (more: object) => givenBack({ ...held(), unprotectedSince: since }, { ...back, ...more }).unprotectedSince;
    assert.deepEqual([after({}), after({ protected: false }), after({ protected: true })], [since, since, null]);
  });

  it('is shared by backups: nobody holds it, and a live run takes it from them by its epoch', () => {
    const backup = request({ kind: 'backup', shares: true, workflowId: 'backup-orders' });
    const { answer, next } = lend(free, backup);
    assert.deepEqual([answer.granted, answer.granted && answer.epoch, next], [true, 4, null]);
    assert.equal(lend(held(), backup).answer.granted, false);
    assert.equal(lend(free, request()).next?.epoch, 5);
  });

  it('tells a rehearsal the findings of its runbook that are not closed, for its record', () => {
    const finding = (id: string, change: Partial<Finding> = {}): Finding => ({
      ...{
        id,
        runbook: 'orders-failover',
        subject: 'rows',
        code: 'slower',
        weight: 'must',
        text: '',
        state: 'open',
        firstSeen: at,
        lastSeen: at,
      },
      ...{ times: 2, run: 'rehearsal-orders', owner: 'bob', due: null, word: null },
      ...change,
    });
    const findings = [finding('one'), finding('two', { state: 'closed' }), finding('three', { runbook: 'orders-failback' })];
    const { answer } = lend({ ...free, findings }, request({ kind: 'rehearsal', live: false, shares: true, runbook: 'orders-failover' }));
    assert.deepEqual(answer.granted && answer.known?.map(({ id, owner }) => [id, owner]), [['one', 'bob']]);
  });

  it('tells whoever gets it which fences stand, and a run that lifted one takes it away', () => {
    const proof = (host: string, at: string) => ({
      kind: 'fence' as const,
      by: 'power.off',
      host,
      at,
      with: {},
      evidence: [],
      latched: 'yes' as const,
    });
    const fenced = { ...held({ runId: 'run-2' }), fences: [proof('a-db', '1'), proof('c-db', '1')] };
    const { answer } = lend(fenced, request());
    assert.ok(answer.granted);
    assert.deepEqual(answer.fenced, ['a-db', 'c-db']);
    const back = {
      system: 'orders',
      epoch: 4,
      serving: 'site-b',
      verdict: 'recovered' as const,
      workflowId: 'failover-orders',
      runId: 'run-2',
    };
    const hosts = (fences: ReturnType<typeof proof>[], lifted: string[]) =>
      givenBack(fenced, { ...back, fences, lifted }).fences.map(({ host, at }) => `${host} ${at}`);
    assert.deepEqual(hosts([], ['a-db']), ['c-db 1']);
    assert.deepEqual(hosts([proof('a-db', '2')], []), ['c-db 1', 'a-db 2']);
  });
});
