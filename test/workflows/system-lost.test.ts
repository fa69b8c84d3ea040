import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Proof } from '../../activities/step.ts';
import { record } from '../../worker/run/record.ts';
import { controlQueue, systemId, type SystemState } from '../../workflows/wire.ts';
import { forget } from '../e2e/forget.ts';
import { asked, cast, choose, nextSystem, start, step, theStage, until, type Handle, type Play, type Stage } from './stage.ts';
import { ending, entries } from './scene.ts';

const fence: Proof = {
  kind: 'fence',
  by: 't.fence',
  host: 'a-db',
  at: '2026-01-01T00:00:00Z',
  with: { host: 'a-db' },
  evidence: ['off'],
  latched: 'yes',
};
const host = { name: 'a-db', site: 'site-a', connection: 'local' as const, views: {}, alive: 22 };
const taken = {
  label: '20261122F',
  store: 'a-store',
  holds: 'database' as const,
  kind: 'full' as const,
  at: '2026-11-22T10:00:00.000Z',
  bytes: 1_000,
  provenAt: '2026-11-22T11:00:00.000Z',
  compared: ['everything'],
};

describe('a system whose workflow was lost', () => {
  let theatre: Stage;
  let records: string;
  before(async () => {
    theatre = await theStage();
    records = await mkdtemp(join(tmpdir(), 'lifeboat-lost-'));
  });
  after(() => rm(records, { recursive: true }));

  const site = { site: 'site-b', runbooks: '', namespace: 'default', types: [] };
  const sites = (folder: string) => ({
    'site-a': { kind: 'physical' as const, steps: 20, records: join(folder, 'site-a') },
    'site-b': { kind: 'physical' as const, steps: 20, records: join(folder, 'site-b') },
  });
  const script: NonNullable<Play['script']> = {
    't.fence.execute': () => ({ proofs: [fence], backups: [{ store: 'a-store', holds: 'database', complete: false, backups: [taken] }] }),
    't.go.execute': () => undefined,
  };
  const run: NonNullable<Play['run']> = { 'run.record': record(site) };
  const header = (system: string, more: object = {}): NonNullable<Play['header']> => ({
    system: { name: system, tier: 1 },
    sites: sites(join(records, system)),
    ...more,
  });
  const out: Play['steps'] = [step('fence', [], { uses: 't.fence' }), step('promote', ['fence'], { promotes: true })];
  /** The way back promotes what the fence stands against. */
  const home: Play['steps'] = [step('promote', [], { promotes: true, hosts: { 'a-db': host } })];
  const systemOf = (system: string): Handle => theatre.client.workflow.getHandle(systemId(system));
  const known = (system: string): Promise<SystemState> => systemOf(system).query<SystemState>('state');

  async function failedOver(system: string): Promise<SystemState> {
    const worker = await cast(theatre, { header: header(system), steps: out, script, run });
    return worker.run(async () => {
      assert.equal((await ending(await start(theatre, system))).verdict, 'recovered, unprotected');
      return until(async () => ((await known(system)).fences.length === 1 ? known(system) : null), 'the fence to stand');
    });
  }

  /** Starts the way back and lets the test look, while the run asks what is to be done about its promotion. */
  async function wayBack(system: string, act: (handle: Handle, problem: string) => Promise<void>): Promise<void> {
    const back = { source: { site: 'site-b' }, target: { site: 'site-a' }, kind: 'failback' as const };
    const worker = await cast(theatre, { header: header(system, back), steps: home, script, run });
    await worker.run(async () => {
      const handle = await theatre.client.workflow.start('failback', {
        workflowId: `failback-${system}`,
        taskQueue: controlQueue,
        args: [{ system, by: 'zoe' }],
        workflowExecutionTimeout: '2 minutes',
      });
      const question = await asked(handle, 'promote');
      await act(handle, question.facts[0]!.value);
      await choose(handle, question, 'abort', 'alice');
      await ending(handle);
    });
  }

  it('is known again from what that workflow knew, where somebody had ended it: the fence still keeps its host from being promoted', async () => {
    const system = nextSystem();
    const before = await failedOver(system);
    await systemOf(system).terminate('by mistake');
    await wayBack(system, async (handle, problem) => {
      assert.match(problem, /a fence stands on a-db/u);
      assert.deepEqual(await entries(handle, 'done'), []);
      const after = await known(system);
      assert.match(after.rebuilt!.from[0]!, /its own workflow, which somebody had ended/u);
      assert.deepEqual([after.fences, after.lastRun, after.unprotectedSince], [before.fences, before.lastRun, before.unprotectedSince]);
      assert.equal(after.epoch, before.epoch + 1);
      assert.match((await entries(handle, 'locked')).at(-1)!.note, /what was known had been lost, and was made again from/u);
    });
  });

  it('is known again from the records, where the server lost everything: fences, backups, what was proven, the chain', async () => {
    const system = nextSystem();
    const before = await failedOver(system);
    await until(async () => (await readdir(join(records, system, 'site-a'))).length > 0, 'the records');
    await forget(theatre.client, system);
    // One site is gone with its records.
    await rm(join(records, system, 'site-a'), { recursive: true });
    await wayBack(system, async (_, problem) => {
      assert.match(problem, /a fence stands on a-db/u);
      const after = await known(system);
      assert.deepEqual(after.fences, before.fences);
      assert.deepEqual(after.backups, before.backups);
      assert.equal(after.proven?.backup?.at, taken.provenAt);
      assert.equal(after.head?.digest, before.head?.digest);
      assert.deepEqual(Object.keys(after.measured?.['play']?.[0]?.durations ?? {}), ['fence', 'promote']);
      assert.equal(after.lastRun?.workflowId, `failover-${system}`);
      assert.deepEqual(
        after.rebuilt!.from.map((from) => from.replace(/, which ended .*/u, '')),
        ['site-b serves, as the world was asked', `1 record at site-b, the newest of failover-${system}`],
      );
    });
  });

  it('knows also what a run left that ended while its workflow was away', async () => {
    const system = nextSystem();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const worker = await cast(theatre, { header: header(system), steps: out, script: { ...script, 't.go.execute': () => held }, run });
    await worker.run(async () => {
      const handle = await start(theatre, system);
      await until(async () => (await entries(handle, 'done')).length === 1, 'the fence to be made');
      await systemOf(system).terminate('by mistake');
      release();
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
    });
    await wayBack(system, async (_, problem) => assert.match(problem, /a fence stands on a-db/u));
  });

  it('that was never run is no lost one', async () => {
    const system = nextSystem();
    const worker = await cast(theatre, { header: header(system), steps: [step('promote', [], { promotes: true })], script, run });
    await worker.run(async () => {
      const handle = await start(theatre, system);
      await ending(handle);
      assert.equal((await known(system)).rebuilt, undefined);
      assert.equal((await entries(handle, 'locked')).at(-1)!.note, 'epoch 1');
    });
  });
});
