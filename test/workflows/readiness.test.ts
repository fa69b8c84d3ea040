import assert from 'node:assert/strict';
import type { SystemFacts } from '../../plan/plan.ts';
import type { Scheduled } from '../../worker/run/ready/schedules.ts';
import { promisedOf } from '../../worker/run/ready/survey.ts';
import { sameRunbooks } from '../../workflows/readiness/same-runbooks.ts';
import { silent } from '../../workflows/readiness/silent.ts';
import { temporalHere } from '../../workflows/readiness/temporal-here.ts';
import { readinessText } from '../../workflows/readiness/text.ts';
import { bounded, judged, lookedOf } from '../../workflows/readiness/verdict.ts';
import type { Look, ReadyAnswer } from '../../workflows/wire.ts';

const at = '2026-11-23T09:00:00.000Z';
const look = (subject: string, ...problems: Look['problems']): Look => ({
  subject,
  answered: true,
  seen: [`${subject} was seen`],
  problems,
});
const must = (code: string) => ({ code, weight: 'must', text: `it is ${code}` }) as const;
const should = (code: string) => ({ code, weight: 'should', text: `it is ${code}` }) as const;

describe('a look at whether a system is ready', () => {
  it('is ready where nothing must be mended, although something should', () => {
    const { ready, because } = judged('orders', [look('host a-db'), look('certificate', should('expires-soon'))], [], at);
    assert.deepEqual([ready, because], [true, []]);
  });

  it('says one reason once, with what is wrong first', () => {
    const result = judged(
      'orders',
      [look('one'), look('two', should('old')), look('three', must('gone')), look('four', must('gone'))],
      [],
      at,
    );
    assert.deepEqual([result.ready, result.because], [false, ['it is gone']]);
    assert.deepEqual(
      result.looks.map(({ subject }) => subject),
      ['three', 'four', 'two', 'one'],
    );
  });

  it('is kept from being ready by no risk that people have accepted, and tells it all the same', () => {
    const result = judged(
      'orders',
      [look('database orders', must('no-backup'), must('too-old'))],
      ['readiness/database orders/no-backup'],
      at,
    );
    assert.deepEqual([result.because, result.accepted], [['it is too-old'], ['it is no-backup']]);
    assert.equal(lookedOf(result).found.length, 2);
  });

  it('has not tried what did not answer, so that what was found of it stands', () => {
    const quiet: Look = { ...look('host b-db', must('unknown')), answered: false };
    assert.deepEqual(lookedOf(judged('orders', [look('host a-db'), quiet], [], at)).tried, ['host a-db']);
  });

  it('tells several looks at one thing as one, which answered where all did', () => {
    const quiet: Look = { ...look('worker a', must('slow')), answered: false };
    const { looks } = judged('orders', [look('worker a', must('old')), quiet], [], at);
    assert.equal(looks.length, 1);
    assert.deepEqual([looks[0]!.answered, looks[0]!.problems.map(({ code }) => code)], [false, ['old', 'slow']]);
  });

  it('leaves out what was seen well, and never what is wrong, where all is more than a result carries', () => {
    const many = Array.from({ length: 3_000 }, (_, n) => ({ ...look(`host ${n}`), seen: ['x'.repeat(200)] }));
    const result = bounded(judged('orders', [...many, look('host b-db', must('gone'))], [], at));
    assert.ok(JSON.stringify(result).length < 512_000, `${JSON.stringify(result).length} characters`);
    assert.equal(result.looks[0]!.problems[0]!.code, 'gone');
    assert.equal(result.looks.length, 3_001);
  });

  it('has a page that fits where it is shown', () => {
    const many = Array.from({ length: 60 }, (_, n) => look(`host ${n}`, { ...must('gone'), text: `${n} ${'x'.repeat(1_000)}` }));
    const text = readinessText(judged('orders', many, [], at));
    assert.ok(text.length <= 4_000);
    assert.match(text, /^## orders is not ready\n/u);
    assert.match(text, /… and 48 more/u);
  });
});

describe('the runbooks of workers', () => {
  const answer = (site: string, digest: string): ReadyAnswer => ({
    site,
    folder: { digest: digest.repeat(64), revision: null },
    temporalHere: false,
    looks: [],
  });
  const wrong = (answers: readonly ReadyAnswer[]): string[] =>
    sameRunbooks(answers).flatMap(({ subject, problems }) => (problems.length > 0 ? [subject] : []));

  it('are the same where all digests are', () => assert.deepEqual(wrong([answer('a', '1'), answer('b', '1')]), []));
  it('name the one that differs from most', () =>
    assert.deepEqual(wrong([answer('a', '1'), answer('b', '2'), answer('c', '1')]), ['worker b']));
  it('name all where there is no most', () => assert.deepEqual(wrong([answer('a', '1'), answer('b', '2')]), ['worker a', 'worker b']));
  it('are not judged of a worker that did not answer', () =>
    assert.deepEqual(wrong([answer('a', '1'), silent('worker b', { code: 'timeout-schedule-to-start', text: '' }, 'b')]), []));
});

describe('a Temporal on the machine of a worker', () => {
  const ways = [{ source: 'a', target: 'b', now: true }];
  const answer = (site: string, here: boolean): ReadyAnswer => ({
    site,
    folder: { digest: '1', revision: null },
    temporalHere: here,
    looks: [],
  });
  const said = (...answers: ReadyAnswer[]): string[] =>
    temporalHere(answers, ways).flatMap(({ problems }) => problems.map(({ weight, code }) => `${weight} ${code}`));

  it('is red where that is of a site that it is to recover', () =>
    assert.deepEqual(said(answer('a', false), answer('b', true)), ['must temporal-inside']));
  it('is for practice where it is for every site', () =>
    assert.deepEqual(said(answer('a', true), answer('b', true)), ['should one-machine']));
  it('is well at any other site, and where it is on none', () => {
    assert.deepEqual(said(answer('a', false), answer('b', false), answer('vault', true)), []);
    assert.deepEqual(said(answer('a', false), answer('b', false)), []);
  });
});

describe('that looks are made', () => {
  const scheduled = (kind: string, idle: string | null) => ({ entry: { kind }, idle }) as Scheduled;
  const system: SystemFacts = { name: 'orders', tier: 1, promised: { backup: 5 } };
  const before = { backup: 5, readiness: 7 };

  it('is promised where they are scheduled, hourly where the inventory says nothing else', () => {
    const looks = [scheduled('readiness', null)];
    assert.deepEqual(promisedOf(system, looks), { readiness: 3_600_000, backup: 5 });
    assert.deepEqual(promisedOf({ ...system, promised: { readiness: 9 } }, looks), { readiness: 9 });
  });
  it('stays promised where their schedule rests, and where it could not be asked for', () => {
    assert.deepEqual(promisedOf(system, [scheduled('readiness', 'it is paused')], before), before);
    assert.deepEqual(promisedOf(system, null, before), before);
    assert.deepEqual(promisedOf(system, null), { backup: 5 });
  });
  it('is promised no more where they are scheduled no more', () =>
    assert.deepEqual(promisedOf(system, [scheduled('rehearsal', null)], before), { backup: 5 }));
});
