import assert from 'node:assert/strict';
import { makeRecord } from '../../record/record.ts';
import { report } from '../../record/report.ts';
import { header } from './build.ts';
import { backedOut, lyingFence, recovered, unprobed } from './samples.ts';
import { alice, bob } from './samples/common.ts';

describe('what an auditor asks of a record', () => {
  const record = makeRecord(recovered);

  it('names everybody who took part, how they are known, their roles, and what they did', () => {
    const [first, second] = record.participants;
    assert.deepEqual([first!.name, first!.roles, first!.did[0]], [alice, ['dr-leads'], 'started the run']);
    assert.match(first!.did[1]!, /approve cut-over \(did not count: started this run/);
    assert.deepEqual([second!.name, second!.how, second!.roles], [bob, 'attested', ['dr-leads']]);
    assert.deepEqual(second!.did, ['approve cut-over', 'retry fence']);
  });

  it('names those who were asked and never answered, and nobody where all did', () => {
    assert.deepEqual(record.absences, []);
    const unanswered = makeRecord({
      ...recovered,
      journal: recovered.journal.filter((e) => !((e.what === 'decided' || e.what === 'answered') && e.question === 'cut-over')),
    });
    assert.deepEqual(
      unanswered.absences.map(({ question, names }) => [question, names]),
      [['cut-over', [alice, bob]]],
    );
  });

  it('says what was assumed, and what it extended to', () => {
    assert.deepEqual([record.scenario.test, record.scenario.cause], ['recovery', null]);
    assert.match(record.scenario.words, /^unplanned failover of orders from site-a to site-b/);
    const caused = recovered.journal.map((e) => (e.what === 'started' ? { ...e, input: { ...(e.input as object), cause: 'power' } } : e));
    assert.equal(makeRecord({ ...recovered, journal: caused }).scenario.cause, 'power');
    assert.deepEqual(record.scope, { systems: ['orders'], sites: ['site-a', 'site-b'], hosts: ['a-db', 'b-db'] });
  });

  it('calls a planned move in production an exercise, and one on copies a rehearsal', () => {
    assert.equal(makeRecord(backedOut).scenario.test, 'exercise');
    const rehearsal = { of: 'x', differs: [], mode: 'unplanned', gates: 'asked', keep: { passed: 0, failed: 0 }, expires: 1 };
    const plan = header({ rehearsal: rehearsal as never });
    assert.equal(makeRecord({ ...recovered, plan }).scenario.test, 'rehearsal');
  });

  it('lists every deviation from the plan, and none where there was none', () => {
    assert.deepEqual(
      record.deviations.map(({ step, how }) => [step, how]),
      [
        ['facts', 'tried again'],
        ['fence', 'tried again'],
      ],
    );
    const told = makeRecord(lyingFence).deviations;
    assert.ok(
      told.some(({ how }) => how === 'not reached'),
      JSON.stringify(told),
    );
  });

  it('holds the plan against what was done, without the time of people', () => {
    assert.equal(record.planned.carriedOut, record.planned.steps);
    assert.equal(record.planned.actual, record.duration - record.waits);
    assert.equal(typeof record.planned.expected, 'number');
    assert.ok(makeRecord(lyingFence).planned.carriedOut < makeRecord(lyingFence).planned.steps);
  });

  it('expects of a run the time of its own steps, not of those that the other mode has', () => {
    // facts 1 s, quiesce 60 s or fence 4 s, promote 2 s, and each look at the end 1 s.
    const remaining: { [id: string]: number } = { facts: 64, 'cut-over': 63, quiesce: 63, fence: 7, promote: 3, rows: 1, reachable: 1 };
    const steps = recovered.steps!.map((node) => ({ ...node, remaining: 1_000 * (remaining[node.id] ?? 0) }));
    assert.equal(makeRecord({ ...recovered, steps }).planned.expected, 8_000);
    assert.equal(makeRecord({ ...backedOut, steps }).planned.expected, 64_000);
  });

  it('shows of a finding that was known before who owns it, until when, and what risk was accepted', () => {
    const word = {
      by: 'dora@example.com',
      at: '2026-11-01T00:00:00.000Z',
      reason: 'replaced in December',
      until: '2026-12-31T00:00:00.000Z',
    };
    const known = { weight: 'must', firstSeen: '2026-09-06T03:00:00.000Z', times: 2, owner: bob, due: '2026-12-01' } as const;
    const before = [
      { ...known, id: 'orders-failover/promote/slower', state: 'open', word: null } as const,
      { ...known, id: 'orders-failover/rows/passes-when-empty', state: 'accepted', word } as const,
    ];
    const journal = recovered.journal.map((e) => (e.what === 'locked' ? { ...e, known: before } : e));
    const made = makeRecord({ ...recovered, journal });
    assert.deepEqual(made.knownFindings, before);
    const findings = before.map(({ id }) => ({ weight: 'must' as const, text: id, id }));
    const page = report({ ...made, findings });
    assert.match(page, /Known since 6 September 2026, seen 2 times before; owned by bob@example\.com, due 2026-12-01</);
    assert.match(page, /the risk was accepted by dora@example\.com until 2026-12-31: replaced in December/);
  });

  it('says how far operations are back to normal', () => {
    assert.deepEqual([record.normal.serves, record.normal.protected, record.normal.fenced], ['site-b', false, ['a-db']]);
    assert.match(record.normal.text, /reprotect.*a-db stays cut off/);
    assert.equal(makeRecord(unprobed).normal.serves, makeRecord(unprobed).serving.site);
  });
});
