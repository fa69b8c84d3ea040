import assert from 'node:assert/strict';
import type { RehearsalFacts } from '../../plan/plan.ts';
import { findingsOf, timeOf, triedOf } from '../../workflows/rehearsal-end.ts';
import { Run, type Track } from '../../workflows/run.ts';
import { learntOf } from '../../workflows/tell-system.ts';
import { gate, header, step, type Play } from './stage.ts';

const start = Date.parse('2026-03-01T03:00:00.000Z');
const minute = (count: number): string => new Date(start + count * 60_000).toISOString();
const added: RehearsalFacts['differs'] = [{ step: 'copy', how: 'added', text: 'A copy is made.' }];

function runOf(steps: Play['steps'], given: Play['header'], tracks: { readonly [id: string]: Partial<Track> }): Run {
  const run = new Run('rehearsal', { system: 'orders' }, { workflowId: 'w', firstExecutionRunId: 'r', startTime: new Date(start) });
  run.adopt({ ...header({ steps, header: given! }), steps });
  for (const [id, track] of Object.entries(tracks)) Object.assign(run.track(id), track);
  return run;
}
const done = (from: number, to: number): Partial<Track> => ({ state: 'done', begun: 1, startedAt: minute(from), endedAt: minute(to) });
/** A copy of half an hour beside what is only read, a gate that is asked, and what acts on the copy. */
const rehearsed = (promote: Partial<Track>): Run =>
  runOf(
    [step('copy'), step('secrets'), gate('cut-over', ['copy']), step('promote', ['cut-over']), step('rows', ['cut-over'])],
    {
      objectives: { recoveryTime: 5 * 60_000 },
      rehearsal: { of: 'd', differs: added, mode: 'planned', gates: 'asked', keep: { passed: 0, failed: 0 }, expires: 1, places: {} },
    },
    { copy: done(0, 30), secrets: done(0, 1), 'cut-over': done(30, 36), promote, rows: done(37, 39) },
  );

describe('the time of a rehearsal', () => {
  it('is that in which a step of the runbook worked: a copy that is made, and people who are asked, are not in it', () => {
    const run = rehearsed(done(36, 38));
    assert.equal(timeOf(run), 4 * 60_000, 'what overlaps counts once');
    assert.deepEqual(findingsOf(run, true), []);
    assert.deepEqual(triedOf(run), ['rehearsal', 'recovery-time']);
  });

  it('is missed where the steps themselves take longer than is promised', () => {
    const run = rehearsed(done(36, 42));
    assert.deepEqual(
      findingsOf(run, true).map(({ subject, text }) => `${subject}: ${text}`),
      ['recovery-time: The steps took 420.0 s, and 300.0 s are promised.'],
    );
  });

  it('is not measured where not every step could be done, and closes no finding of it', () => {
    const run = rehearsed({ ...done(36, 37), state: 'failed', note: 'no' });
    assert.deepEqual(triedOf(run), ['rehearsal']);
  });
});

describe('what a run tells of its system', () => {
  it('has the kinds of data that are saved: those of the inventory, and those that it saved itself', () => {
    const rds = { members: {}, port: 5432, database: 'orders', connect: {} };
    const savedOf = (system: object, saved: readonly 'files'[] = []) => {
      const run = runOf([], { system: { name: 'orders', tier: 1, ...system } }, {});
      run.backups.push(...saved.map((holds) => ({ store: 'vault', holds, complete: false, backups: [] })));
      return learntOf(run, 'proven').saves;
    };
    assert.deepEqual(savedOf({}), []);
    assert.deepEqual(savedOf({ rds, resources: { 'site-a': { instances: ['i-1'] } } }), ['database', 'volumes']);
    assert.deepEqual(savedOf({ rds }, ['files']), ['files', 'database']);
    assert.deepEqual(savedOf({ backups: { postgres: {}, files: {} } }), ['database', 'files']);
  });
});
