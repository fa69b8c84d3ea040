import assert from 'node:assert/strict';
import { type Material, makeRecord } from '../../record/record.ts';
import { runRecord } from '../../record/schema/run.ts';
import { report } from '../../record/report.ts';
import { type Moment, at, header, history, journal, workers } from './build.ts';
import { backedOut, lyingFence, recovered, samples, unprobed } from './samples.ts';
import { asked, answered, begun, bob, done, opening, proof, steps } from './samples/common.ts';

describe('a record', () => {
  for (const sample of samples) {
    it(`of "${sample.name}" fits its schema, is plain JSON, and is the same when made twice`, () => {
      const record = makeRecord(sample);
      assert.deepEqual(runRecord.strict().parse(record), record);
      assert.deepEqual(JSON.parse(JSON.stringify(record)), record);
      assert.deepEqual(makeRecord(sample), record);
    });
  }

  it('splits the recovery time into parts that sum to it', () => {
    const { recovery, waits } = makeRecord(recovered);
    assert.deepEqual(Object.fromEntries(recovery.split?.map(({ part, milliseconds }) => [part, milliseconds]) ?? []), {
      detect: 8700,
      decide: 94_800,
      execute: 8060,
      verify: 240,
    });
    assert.equal(recovery.total, 111_800);
    assert.equal(waits, 94_800);
  });

  it("takes the time at gates off the machine's part", () => {
    assert.equal(makeRecord(recovered).machine.milliseconds, 103_100 - 94_800);
  });

  it('does not count a wait for people as theirs while a step runs beside it', () => {
    const entries = journal([
      ...opening('unplanned', []),
      begun(1, 'facts', 'postgres.check'),
      asked(2, 'cut-over', 'gate', 'Move?'),
      done(7, 'facts', 'postgres.check', []),
      ...answered(12, 'cut-over', 'approve', bob, 'stated'),
      [12, { what: 'ended', verdict: 'failed', why: '' }],
    ]);
    assert.equal(makeRecord({ plan: header(), journal: entries, history: [] }).waits, 5000);
  });

  it('counts a step that people carry out as theirs', () => {
    assert.equal(makeRecord(lyingFence).waits, 21_000 + 614_500);
  });

  it('measures the recovery point from the last marker kept before the first one lost to the failure', () => {
    const { point, objectives } = makeRecord(recovered);
    assert.deepEqual([point?.lost, point?.kept, point?.unexpected, point?.span], [2, 4208, 1, 300]);
    assert.equal(objectives.find(({ name }) => name === 'recovery point')?.result, 'met');
  });

  it('trusts no recovery point where markers are unaccounted for, or none was acknowledged', () => {
    for (const markers of [
      { acknowledged: 10, kept: 8, lostCount: 1, lost: [at(-8.9)] },
      { acknowledged: 0, kept: 0, lostCount: 0, lost: [] },
    ]) {
      const entries = recovered.journal.map((entry) =>
        entry.what === 'measured' && entry.outage
          ? { ...entry, outage: { ...entry.outage, markers: { ...markers, unexpected: 0 } } }
          : entry,
      );
      const { objectives } = makeRecord({ ...recovered, journal: entries });
      assert.equal(objectives.find(({ name }) => name === 'recovery point')?.result, 'not measured');
    }
  });

  it('has no figure where nothing measured from outside', () => {
    const { recovery, machine, point, clock, objectives, notProven } = makeRecord(unprobed);
    assert.deepEqual([recovery.total, recovery.split, machine.milliseconds, point, clock], [null, null, null, null, null]);
    assert.deepEqual(
      objectives.map(({ result }) => result),
      ['not measured', 'not measured'],
    );
    assert.ok(notProven.some(({ what }) => what === 'recovery time and point'));
  });

  it('says that an objective was missed where service never returned', () => {
    const { objectives, recovery, serving, findings } = makeRecord(lyingFence);
    assert.deepEqual([recovery.total, recovery.atLeast], [null, 654_100]);
    assert.equal(objectives[0]?.result, 'missed');
    assert.deepEqual([serving.site, serving.known], [null, true]);
    assert.match(findings[0]?.text ?? '', /^No site serves orders/);
  });

  it('finds the critical path in the graph, and in the times where the graph is not at hand', () => {
    const path = (material: Material) => makeRecord(material).steps.flatMap(({ id, critical }) => (critical ? [id] : []));
    const expected = ['facts', 'cut-over', 'fence', 'promote', 'rows', 'tell'];
    assert.deepEqual(path(recovered), expected);
    const { steps: _, ...rest } = recovered;
    assert.deepEqual(path(rest), expected);
  });

  it('names steps that mode left out, that were never reached, and that were undone', () => {
    const fate = Object.fromEntries(makeRecord(backedOut).steps.map(({ id, outcome }) => [id, outcome]));
    assert.deepEqual([fate['fence'], fate['tell'], fate['quiesce'], fate['promote']], ['left out', 'not reached', 'undone', 'failed']);
  });

  it('keeps a decision that did not count, with its reason', () => {
    const { decisions } = makeRecord(recovered);
    const late = decisions.find(({ choice }) => choice === 'refuse');
    assert.deepEqual([late?.by, late?.counts, late?.waited, late?.reason], ['carol@example.com', false, null, 'Wait for the network team']);
    assert.match(late?.note ?? '', /^late/);
  });

  it('doubts a decision that claims a principal which the history does not show', () => {
    const forged = recovered.history.filter((fact) => fact.what !== 'signal');
    const { decisions } = makeRecord({ ...recovered, history: forged });
    assert.match(decisions.find(({ by }) => by === bob)?.note ?? '', /holds no signal of this principal/);
  });

  it('tells how often Temporal tried, and by which worker', () => {
    const facts = makeRecord(recovered).steps.find(({ id }) => id === 'facts')?.attempts[0];
    assert.deepEqual([facts?.tries, facts?.worker, facts?.lastFailure], [2, workers.b, 'b-db did not answer within 2 s.']);
  });

  it('flags a step whose end was reported by somebody who is no worker', () => {
    const forged = recovered.history.map((fact) =>
      fact.what === 'activity-closed' ? { ...fact, identity: 'temporal-cli:root@laptop' } : fact,
    );
    const { findings } = makeRecord({ ...recovered, history: forged });
    assert.match(findings.map(({ text }) => text).join('\n'), /step promote was reported by "temporal-cli:root@laptop"/);
  });

  it('says where separation of duties was not enforced', () => {
    assert.deepEqual(makeRecord(lyingFence).separationOfDuties, { enforced: false, why: '2 anonymous decisions counted.' });
    assert.equal(makeRecord({ ...recovered, plan: header({ decisions: 'anonymous' }) }).separationOfDuties.enforced, false);
    assert.equal(makeRecord(recovered).separationOfDuties.enforced, true);
  });

  it('does not say that the source serves once a step has taken it down', () => {
    const serving = (...entries: Moment[]) =>
      makeRecord({
        plan: header(),
        steps,
        journal: journal([...opening('planned', []), [0.6, { what: 'serving', site: 'site-a', note: 'before the run' }], ...entries]),
        history: [],
      }).serving;
    assert.equal(serving().site, 'site-a');
    assert.equal(serving(begun(1, 'facts', 'postgres.check')).site, 'site-a');
    assert.deepEqual(serving(begun(1, 'quiesce', 'postgres.quiesce')), {
      site: null,
      known: true,
      note: 'quiesce took site-a out of service, and nothing was promoted since',
      at: at(1),
    });
    assert.equal(serving(done(2, 'fence', 'power.off', [], { proofs: [proof] })).site, null);
  });

  it('does not say that a step was undone which has no undo', () => {
    const { steps: made } = makeRecord({
      plan: header(),
      steps,
      journal: journal([
        ...opening('planned', []),
        begun(1, 'rows', 'postgres.check'),
        done(2, 'rows', 'postgres.check', []),
        [3, { what: 'undone', step: 'rows', uses: 'postgres.check', evidence: ['it has no undo; left as it is'] }],
      ]),
      history: [],
    });
    const rows = made.find(({ id }) => id === 'rows');
    assert.deepEqual([rows?.outcome, rows?.undoneAt], ['done', null]);
    assert.match(rows?.note ?? '', /has no undo/);
  });

  it('begins when the history says that the run began, not with the first entry of its journal', () => {
    const late = recovered.history.map((fact) => (fact.what === 'run-started' ? { ...fact, at: at(-0.4) } : fact));
    const { startedAt, machine } = makeRecord({ ...recovered, history: late });
    assert.deepEqual([startedAt, machine.milliseconds], [at(-0.4), 8700]);
  });

  it('counts of a rehearsal the time in which its steps worked, and measures none where not all of them were done', () => {
    const differs = [{ step: 'fence', how: 'added', text: 'It is made for the rehearsal.' }];
    const rehearsal = { of: 'x', differs, mode: 'planned', gates: 'asked', keep: { passed: 0, failed: 0 }, expires: 1, places: {} };
    const of = (recoveryTime: number, ...entries: Moment[]) => {
      const plan = header({ rehearsal: rehearsal as never, objectives: { recoveryTime } });
      const all = journal([
        ...opening('planned', []),
        ...[begun(1, 'fence', 'power.off'), begun(1, 'facts', 'postgres.check'), done(3, 'facts', 'postgres.check', [])],
        ...[done(30, 'fence', 'power.off', []), asked(30, 'cut-over', 'gate', 'Move?')],
        ...[...answered(50, 'cut-over', 'approve', bob, 'stated'), begun(50, 'promote', 'postgres.promote')],
        ...entries,
      ]);
      const planned = steps.filter(({ id }) => ['fence', 'facts', 'cut-over', 'promote'].includes(id));
      const { rehearsal: is, objectives } = makeRecord({ plan, steps: planned, journal: all, history: [] });
      return [is?.time, ...objectives.map(({ result, measured }) => `${result} ${measured}`)];
    };
    const well = done(54, 'promote', 'postgres.promote', []);
    const badly: Moment = [
      54,
      { what: 'failed', step: 'promote', uses: 'postgres.promote', attempt: 1, code: 'timeout', problem: 'it took too long' },
    ];
    assert.deepEqual(of(6_000, well), [6_000, 'met 6000']);
    assert.deepEqual(of(5_000, well), [6_000, 'missed 6000']);
    assert.deepEqual(of(6_000, badly), [2_000, 'not measured null']);
    assert.deepEqual(of(1_000, badly), [2_000, 'missed 2000']);
  });

  it('invents no step for what people were asked about the whole run', () => {
    const entries = journal([
      ...opening('planned', []),
      asked(2, 'measure', 'intervention', 'Not seen to serve'),
      [9, { what: 'not-proven', step: 'measure', why: 'not seen to serve from outside' }],
    ]);
    const record = makeRecord({ plan: header(), journal: entries, history: [] });
    assert.deepEqual(record.steps, []);
    assert.match(report(record), />measure</);
  });

  it('closes a question when it was withdrawn, not when it was asked anew', () => {
    const entries = journal([
      ...opening('planned', []),
      asked(2, 'cut-over', 'gate', 'Move?'),
      [5, { what: 'expired', question: 'cut-over', attempt: 1, note: 'withdrawn' }],
      [50, { what: 'ended', verdict: 'aborted', why: '' }],
    ]);
    assert.equal(makeRecord({ plan: header(), journal: entries, history: [] }).questions[0]?.waited, 3000);
  });

  it('can be made of a run that ended before anything was compiled, and of one that has not ended', () => {
    const begin = journal([
      [0, { what: 'started', by: bob, mode: 'unplanned', input: { system: 'orders' } }],
      [1, { what: 'ended', verdict: 'refused', why: 'No such runbook.' }],
    ]);
    const refused = makeRecord({ plan: null, journal: begin, history: history(begin) });
    assert.deepEqual([refused.system, refused.verdict, refused.digest, refused.steps.length], ['orders', 'refused', null, 0]);
    const open = makeRecord({ plan: header(), steps, journal: recovered.journal.slice(0, 8), history: [] });
    assert.deepEqual([open.verdict, open.endedAt], [null, null]);
    runRecord.strict().parse(open);
  });

  it('is refused in plain words where nothing says when the run started', () => {
    assert.throws(() => makeRecord({ plan: null, journal: [], history: [] }), /when the run started/);
  });
});
