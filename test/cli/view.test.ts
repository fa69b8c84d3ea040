import assert from 'node:assert/strict';
import type { OpenQuestion, RunState, StepView } from '../../workflows/wire.ts';
import { changes } from '../../cli/changes.ts';
import { rows } from '../../cli/line.ts';
import type { Snapshot } from '../../cli/snapshot.ts';
import { view } from '../../cli/view.ts';

const at = '2026-01-02T03:04:05.000Z';
const now = Date.parse(at) + 65_000;
const to = { command: 'lifeboat' };

const step = (id: string, state: StepView['state'] = 'done'): StepView => ({
  id,
  kind: 'step',
  what: `postgres.check ${id}`,
  state,
  site: 'site-b',
  attempt: 1,
  startedAt: state === 'waiting' ? null : at,
  endedAt: state === 'done' ? '2026-01-02T03:04:06.500Z' : null,
  note: '',
});
const question = (more: Partial<OpenQuestion> = {}): OpenQuestion => ({
  id: 'cut-over',
  attempt: 2,
  kind: 'gate',
  title: 'Move orders',
  facts: [{ label: 'at risk', value: 'about 8 kB' }],
  choices: [{ choice: 'approve', signal: 'Approve cut-over #2', description: '', reason: false }],
  approvers: ['dr-leads'],
  count: 1,
  have: [],
  askedAt: at,
  deadline: '2026-01-02T03:19:05.000Z',
  ...more,
});
const state = (more: Partial<RunState> = {}): RunState => ({
  state: 'running',
  system: 'orders',
  runbook: 'orders-failover',
  mode: 'unplanned',
  digest: 'd',
  source: 'site-a',
  target: 'site-b',
  serving: 'site-a',
  startedAt: at,
  steps: [step('facts'), step('promote', 'running'), step('tell', 'waiting')],
  questions: [],
  verdict: null,
  why: '',
  records: {},
  ...more,
});
const run = (more: Partial<Snapshot> = {}): Snapshot => ({
  workflowId: 'failover-orders',
  runId: 'r',
  type: 'failover',
  status: 'RUNNING',
  startedAt: at,
  closedAt: null,
  link: 'http://127.0.0.1:8233/namespaces/default/workflows/failover-orders/r',
  events: 1,
  waiting: [],
  state: state(),
  problem: null,
  result: null,
  ...more,
});
const picture = (seen: Snapshot, height = 50, width = 100): string => view(seen, now, { width, height }, to).join('\n');

describe('the picture of a run', () => {
  it('shows where it stands, how long it takes, and the link', () => {
    const text = picture(run());
    assert.match(text, /^failover of orders · unplanned · site-a → site-b {3}running {3}1:05$/m);
    assert.match(text, /^http:\/\/127\.0\.0\.1:8233\//m);
    assert.match(text, /✓ facts .* 1\.5 s/);
    assert.match(text, /▸ promote .* 1:05 {2}running/);
  });

  it('shows what is asked, of whom, how long there is left, and the command for each choice', () => {
    const text = picture(run({ state: state({ questions: [question({ count: 2, have: ['alice'] })] }) }));
    assert.match(text, /\? Move orders {2}\(cut-over, attempt 2\)/);
    assert.match(text, /at risk: about 8 kB/);
    assert.match(text, /asked of: 2 different people of dr-leads; so far alice; 13:55 left/);
    assert.match(text, /Approve cut-over #2\n +lifeboat approve failover-orders$/m);
  });

  it('names the step in the command where several are asked, and the reason where one is needed', () => {
    const skip = question({ id: 'fence', choices: [{ choice: 'skip', signal: 'Skip fence #1', description: '', reason: true }] });
    const text = picture(run({ state: state({ questions: [question(), skip] }) }));
    assert.match(text, /lifeboat approve failover-orders --step cut-over$/m);
    assert.match(text, /lifeboat skip failover-orders --step fence --reason "…"$/m);
  });

  it('shows the runs that a step has started, as far as somebody must look at them, and how each is followed', () => {
    const child = (name: string, verdict: 'recovered' | 'aborted' | null): NonNullable<StepView['children']>[number] => ({
      name,
      workflowId: `failover-${name}`,
      startedAt: at,
      endedAt: verdict === null ? null : at,
      verdict,
      why: verdict === 'aborted' ? 'the disk is full' : '',
    });
    const children = [child('shop', null), child('bills', 'aborted'), child('mails', 'recovered')];
    const branch: StepView = { ...step('tier', 'running'), kind: 'branch', what: '3 runs of move', note: '1 of 3 ended', children };
    const seen = run({ state: state({ whole: 'us-east-1', serving: null, steps: [branch] }) });
    const text = picture(seen);
    assert.match(text, /failover of us-east-1 /);
    assert.match(text, /tier +3 runs of move .*1 of 3 ended/);
    assert.match(text, /shop +under way for 1:05 {2}lifeboat status failover-shop$/m);
    assert.match(text, /bills +aborted: the disk is full {2}lifeboat status failover-bills$/m);
    assert.doesNotMatch(text, /mails|is known to serve/);
    const told = changes(undefined, seen, now, to).join('\n');
    assert.match(told, /tier: failover-shop begun/);
    assert.match(told, /tier: failover-bills aborted: the disk is full/);
  });

  it('fits its terminal however many steps there are, and keeps the one under way in sight', () => {
    const steps = Array.from({ length: 400 }, (_, index) =>
      step(`s${index}`, index < 200 ? 'done' : index === 200 ? 'running' : 'waiting'),
    );
    for (const height of [24, 40, 60]) {
      const lines = view(
        run({ state: state({ steps, questions: [question({ facts: [{ label: 'long', value: 'x'.repeat(3000) }] })] }) }),
        now,
        { width: 80, height },
        to,
      );
      const used = lines.reduce((sum, line) => sum + rows(line, 80), 0);
      assert.ok(used < height, `${used} rows of ${height}`);
      assert.ok(lines.some((line) => line.includes('s200')));
      assert.ok(lines.some((line) => /… \d+ before/.test(line)) && lines.some((line) => /… \d+ more/.test(line)));
    }
  });

  it('never cuts a link or a command', () => {
    const long = 'failover-'.concat('x'.repeat(120));
    const text = picture(run({ workflowId: long, link: `http://ui/${long}`, state: state({ questions: [question()] }) }), 30, 40);
    assert.ok(text.includes(`http://ui/${long}`) && text.includes(`lifeboat approve ${long}`));
  });

  it('lets nobody move the cursor: text from elsewhere is stripped of what a terminal obeys', () => {
    const evil = 'a\u001b[2Jb\u0007c\r\nd\u202ee\u009bf';
    const text = picture(
      run({
        problem: evil,
        state: state({
          steps: [{ ...step('facts'), note: evil, what: evil }],
          questions: [question({ title: evil, facts: [{ label: evil, value: evil }], have: [evil] })],
        }),
      }),
    );
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it('says who serves at the end, also where nobody does', () => {
    const ended = { closedAt: at, status: 'FAILED' } as const;
    const result = { verdict: 'aborted', why: 'the fence lies', serving: null, records: { 'site-b': '/records/x.html' } } as const;
    const text = picture(run({ ...ended, result, state: null }));
    assert.match(text, /✗ aborted: the fence lies\n {2}No site is known to serve orders now\.\n {2}report at site-b: \/records\/x\.html/);
    assert.match(picture(run({ closedAt: at, status: 'TERMINATED', state: null })), /✗ terminated from outside, with no verdict/);
    assert.match(
      picture(run({ closedAt: at, status: 'COMPLETED', result: { ...result, verdict: 'recovered', serving: 'site-b' } })),
      /✓ recovered: .*\n {2}site-b serves orders now\./,
    );
  });
});

describe('the changes of a run, line by line', () => {
  it('tell each thing once', () => {
    const first = run({ state: state({ steps: [step('facts', 'running'), step('tell', 'waiting')] }) });
    const second = run({
      state: state({ state: 'waiting for approval', steps: [step('facts'), step('tell', 'waiting')], questions: [question()] }),
    });
    assert.match(
      changes(undefined, first, now, to).join('\n'),
      /failover-orders: http.*\n.*facts running \(postgres\.check facts at site-b\)\n.*running/,
    );
    const told = changes(first, second, now, to);
    assert.equal(told.filter((line) => /facts done in 1\.5 s/.test(line)).length, 1);
    assert.equal(told.filter((line) => line.includes('Move orders')).length, 1);
    assert.deepEqual(changes(second, second, now + 9000, to), []);
    const third = run({ state: state({ ...second.state, questions: [question({ count: 2, have: ['bob'] })] }) });
    assert.deepEqual(changes(second, third, now, to), ['cut-over: bob; 1 of 2 people']);
  });

  it('tell once that no worker answers, and that one answers again', () => {
    const silent = run({ state: null, problem: 'No worker answers' });
    assert.equal(changes(run(), silent, now, to).length, 1);
    assert.equal(changes(silent, silent, now, to).length, 0);
    assert.match(changes(silent, run(), now, to).join('\n'), /A worker answers again/);
  });
});
