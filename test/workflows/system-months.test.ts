import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { controlQueue, systemId, type FindingChange, type Summary, type SystemState, type Tidings } from '../../workflows/wire.ts';
import type { ReturnRequest } from '../../workflows/system/requests.ts';
import { quietly } from './stage.ts';
import { timeSkippingServer } from './time-skipping.ts';

const day = 86_400_000;

describe('the workflow of a system, over months', () => {
  let env: TestWorkflowEnvironment;
  let worker: Worker;
  let running: Promise<void>;
  const told: (Tidings & { readonly on: number })[] = [];
  let began: number;
  before(async () => {
    quietly();
    const path = await timeSkippingServer();
    env = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
    const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
    const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    const tell = async (news: Tidings): Promise<string> => {
      told.push({ ...news, on: Math.round(((await env.currentTimeMs()) - began) / day) });
      return 'heard';
    };
    const activities = { 'run.tell': tell, 'run.attest': async () => ({ by: null, how: 'anonymous', worker: false, reset: false }) };
    worker = await Worker.create({ connection: env.nativeConnection, taskQueue: controlQueue, workflowBundle, activities });
    running = worker.run();
    began = await env.currentTimeMs();
  });
  after(async () => {
    worker.shutdown();
    await running;
    await env.teardown();
  });

  const notify = { 'on-call': { webhook: 'http://127.0.0.1:1/', on: ['unproven', 'finding'] } };
  const handle = () => env.client.workflow.getHandle(systemId('orders'));
  const state = (): Promise<SystemState> => handle().query<SystemState>('state');
  const summary = async (): Promise<Summary> => (await handle().describe()).memo?.['summary'] as Summary;
  const heard = (): string[] => told.splice(0).map(({ event, on, title }) => `day ${on}: ${event}: ${title}`);
  let runs = 0;
  const rehearse = (passed: boolean): Promise<unknown> => {
    const request: ReturnRequest = {
      system: 'orders',
      epoch: 0,
      serving: null,
      verdict: passed ? 'rehearsed' : 'failed',
      fences: [],
      workflowId: 'rehearsal-orders',
      runId: `run-${(runs += 1)}`,
      promised: { rehearsal: 35 * day },
      notify,
      rehearsed: {
        runbook: 'orders-failover',
        mode: 'unplanned',
        durations: { promote: 900 },
        recovery: { time: 2_000, point: null },
        passed,
        found: passed ? [] : [{ subject: 'promote', code: 'timeout', weight: 'must', text: 'it took too long' }],
        tried: ['promote'],
      },
    };
    return handle().executeUpdate('return', { args: [request] });
  };

  it('raises the alarm when a promised rehearsal was never done, repeats it daily, and clears it once one has passed', async () => {
    await env.client.workflow.start('system', {
      workflowId: systemId('orders'),
      taskQueue: controlQueue,
      args: ['orders'],
      workflowTaskTimeout: '10 seconds',
    });
    await rehearse(false);
    await env.sleep(34 * day);
    assert.deepEqual(heard(), ['day 0: finding: orders: 1 finding is new']);
    assert.deepEqual((await summary()).alarms, []);
    await env.sleep(3.5 * day);
    assert.deepEqual(
      heard(),
      [35, 36, 37].map((on) => `day ${on}: unproven: orders: rehearsal is not proven as promised`),
    );
    assert.deepEqual((await summary()).alarms, ['rehearsal']);
    assert.match((await state()).alarms![0]!.text, /^No rehearsal of orders was ever proven; one is promised every 35 days\.$/u);
    await rehearse(true);
    await env.sleep(1_000);
    assert.deepEqual(heard(), ['day 38: proven again: orders: rehearsal is proven again']);
    assert.deepEqual((await summary()).alarms, []);
  });

  it('is silent for as long as the promise is kept, and is due from the last proof on', async () => {
    for (let month = 0; month < 6; month += 1) {
      await env.sleep(30 * day);
      await rehearse(true);
    }
    await env.sleep(34 * day);
    assert.deepEqual(heard(), []);
    await env.sleep(1.5 * day);
    assert.deepEqual(
      heard().map((line) => line.replace(/^day \d+: /u, '')),
      ['unproven: orders: rehearsal is not proven as promised'],
    );
    assert.match((await state()).alarms![0]!.text, /^The last proven rehearsal of orders is of .* \(orders-failover\)/u);
    await rehearse(true);
    await env.sleep(1_000);
    heard();
  });

  it('opens a finding again, and tells of it, on the day on which the acceptance of its risk ends', async () => {
    await rehearse(false);
    const until = new Date((await env.currentTimeMs()) + 10 * day).toISOString();
    const change: FindingChange = {
      id: 'orders-failover/promote/timeout',
      by: 'alice',
      state: { is: 'accepted', reason: 'a new array comes', until },
    };
    await handle().executeUpdate('finding', { args: [change] });
    await env.sleep(1_000);
    heard();
    await env.sleep(9.9 * day);
    assert.deepEqual([heard(), (await summary()).findings], [[], { open: 0, must: 0, accepted: 1 }]);
    await env.sleep(0.2 * day);
    assert.equal(heard().length, 1);
    assert.deepEqual((await summary()).findings, { open: 1, must: 1, accepted: 0 });
  });
});
