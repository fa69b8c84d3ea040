import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { StepError } from '../../activities/error.ts';
import { markerFile, type Marker } from '../../activities/sweep/marker.ts';
import type { SweepPlace } from '../../plan/plan.ts';
import { over, sweep } from '../../worker/run/sweep.ts';
import { controlQueue, sweepId, type ReturnInput, type StepCall, type SweepResult, type SweepState } from '../../workflows/wire.ts';
import { localHost } from '../activities/nowhere.ts';
import { cast, nextSystem, step, theStage, until, type Handle, type Play, type Stage } from './stage.ts';
import { ending, entries, named } from './scene.ts';

const hour = 3_600_000;

describe('what a rehearsal made', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-swept-'));
  let theatre: Stage;
  before(async () => {
    chmodSync(folder, 0o755);
    theatre = await theStage();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const there = (system: string): string[] => {
    const root = join(folder, system);
    return existsSync(root) ? readdirSync(root) : [];
  };
  const place = (system: string): { readonly [site: string]: SweepPlace } => ({
    'site-b': { folders: [{ host: { ...localHost('copy-of-b-db', 22), site: 'site-b', copyOf: 'b-db' }, root: join(folder, system) }] },
  });
  /** Makes a copy, as a step of a rehearsal does. */
  function makes(system: string, name: string, { run }: Pick<StepCall, 'run'>, given: Partial<Marker> = {}): void {
    const directory = join(folder, system, name);
    mkdirSync(join(directory, 'database'), { recursive: true });
    const expires = new Date(Date.now() + hour).toISOString();
    const workflowId = Context.current().info.workflowExecution!.workflowId;
    const marker: Marker = { system, run: workflowId, startedAt: run.startedAt, step: name, key: 'k', expires, ...given };
    writeFileSync(join(directory, markerFile), JSON.stringify(marker));
  }

  interface Given {
    readonly keep?: { readonly passed: number; readonly failed: number };
    readonly expires?: number;
    readonly input?: object;
    readonly more?: Play['script'];
    readonly steps?: Play['steps'];
    readonly run?: Play['run'];
  }
  /** Rehearses a system of its own: `work` is what its one step does beside making a copy. */
  async function rehearse<T>(
    work: (call: StepCall, signal: AbortSignal) => Promise<void> | void,
    act: (handle: Handle, system: string, sweeping: Handle) => Promise<T>,
    { keep = { passed: 0, failed: 0 }, expires = hour, more = {}, steps = [step('go')], run: instead = {} }: Given = {},
  ): Promise<T> {
    const system = nextSystem();
    const script: NonNullable<Play['script']> = {
      't.go.rehearse': (call, _, signal) => {
        makes(system, 'copy', call);
        return work(call, signal);
      },
      ...more,
    };
    const site = { site: 'site-b', runbooks: '', namespace: 'default', types: [] };
    const run = { 'run.sweep': sweep(site), 'run.over': over(), 'run.places': async () => place(system), ...instead };
    const rehearsal = { of: '', differs: [], mode: 'planned', gates: 'stood in for', keep, expires, places: place(system) } as const;
    const worker = await cast(theatre, named({ steps, script, run, header: { rehearsal } }, system));
    return worker.run(async () => {
      const handle = await theatre.client.workflow.start('rehearsal', {
        workflowId: `rehearsal-${system}`,
        taskQueue: controlQueue,
        args: [{ system, by: 'zoe' }],
        workflowTaskTimeout: '3 seconds',
        workflowExecutionTimeout: '1 minute',
      });
      const sweeping = theatre.client.workflow.getHandle(sweepId(handle.firstExecutionRunId, system));
      try {
        return await act(handle, system, sweeping);
      } finally {
        for (const one of [handle, sweeping]) await one.terminate('the scene is over').catch(() => undefined);
      }
    });
  }
  const stateOf = (sweeping: Handle): Promise<SweepState> => sweeping.query<SweepState>('state');
  const sweptBy = async (handle: Handle) => (await entries(handle, 'swept'))[0]!;
  const waits = (_: StepCall, signal: AbortSignal): Promise<void> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cancelled')), { once: true }));

  it('is gone before it ends, whether it passed or failed, and its journal names it', async () => {
    for (const bad of [false, true])
      await rehearse(
        () => (bad ? Promise.reject(new StepError('bad', 'the rows differ', 'person')) : undefined),
        async (handle, system) => {
          const { verdict, status } = await ending(handle);
          assert.deepEqual([verdict, status], [bad ? 'failed' : 'rehearsed', 'completed']);
          assert.deepEqual(there(system), []);
          const { removed, left, unseen, keptUntil } = await sweptBy(handle);
          assert.deepEqual([removed, left, unseen, keptUntil], [[`copy b-db:${folder}/${system}/copy at site-b`], [], [], null]);
        },
      );
  });

  it('is gone where the run was cancelled', () =>
    rehearse(waits, async (handle, system) => {
      await until(async () => there(system).length > 0, 'the copy');
      await handle.cancel();
      assert.equal((await ending(handle)).status, 'cancelled');
      assert.deepEqual(there(system), []);
    }));

  it('is a finding of one that tried it: what was cut short, or kept, closes none', async () => {
    const told: ReturnInput[] = [];
    const run: Play['run'] = { 'run.return': async (request) => void told.push(request) };
    const kept = { keep: { passed: 3_000, failed: 0 } };
    await rehearse(() => undefined, ending, { run });
    await rehearse(() => undefined, ending, { run, ...kept });
    const cancelled = async (handle: Handle, system: string): Promise<void> => {
      await until(async () => there(system).length > 0, 'the copy');
      await handle.cancel();
      await ending(handle);
    };
    await rehearse(waits, cancelled, { run });
    assert.deepEqual(
      told.map(({ rehearsed }) => rehearsed?.tried),
      [['go', 'rehearsal', 'recovery-time', 'clean-up'], ['go', 'rehearsal', 'recovery-time'], ['clean-up']],
    );
  });

  it('is gone where the run was terminated, with nobody left to ask for it', async function () {
    this.timeout(40_000);
    const back: string[] = [];
    const more: NonNullable<Play['script']> = {
      't.name.rehearse': (_, __, signal) => waits({} as StepCall, signal),
      't.name.sweep': ({ step: { id }, run: { live }, epoch }) => {
        back.push(`${id} ${live} ${epoch}`);
        return { evidence: ['The name was taken away.'] };
      },
    };
    const steps = [step('go'), step('name', ['go'], { uses: 't.name', sweep: true })];
    await rehearse(
      () => undefined,
      async (handle, system, sweeping) => {
        await until(async () => (await stateOf(sweeping)).doing === 'waiting for its rehearsal' && there(system).length > 0, 'the copy');
        await until(
          async () => (await handle.describe()).raw.pendingActivities?.some(({ activityId }) => activityId === 'name'),
          'the name to be under way',
        );
        await handle.terminate('from outside');
        const { removed, left, problems } = (await sweeping.result()) as SweepResult;
        assert.deepEqual(there(system), []);
        assert.deepEqual([left, problems], [[], []]);
        assert.deepEqual(
          removed.map(({ kind, name }) => [kind, name]),
          [
            ['copy', `b-db:${folder}/${system}/copy`],
            ['t.name', 'name: The name was taken away.'],
          ],
        );
        assert.deepEqual(back, ['name false null']);
      },
      { more, steps },
    );
  });

  it('is kept for as long as is wanted after one that failed, and the run does not wait for that', () =>
    rehearse(
      () => Promise.reject(new StepError('bad', 'the rows differ', 'person')),
      async (handle, system, sweeping) => {
        await ending(handle);
        assert.deepEqual(there(system), ['copy']);
        const { keptUntil, removed } = await sweptBy(handle);
        assert.ok(Date.parse(keptUntil!) > Date.now());
        assert.deepEqual(removed, []);
        assert.equal((await stateOf(sweeping)).doing, 'keeping what it made');
        await sweeping.result();
        assert.deepEqual(there(system), []);
        assert.ok(Date.now() >= Date.parse(keptUntil!) - 500);
      },
      { keep: { passed: 0, failed: 3_000 } },
    ));

  it('expires under a run that goes on, and is taken away once more when that is over', async () => {
    await rehearse(
      waits,
      async (handle, system, sweeping) => {
        await until(async () => there(system).length > 0, 'the copy');
        await until(async () => there(system).length === 0, 'what expired to be gone');
        assert.equal((await handle.describe()).status.name, 'RUNNING');
        await until(async () => (await stateOf(sweeping)).doing === 'waiting for its rehearsal', 'the sweep to wait on');
        await handle.cancel();
        await ending(handle);
        assert.equal((await sweeping.describe()).status.name, 'COMPLETED');
      },
      { expires: 2_000 },
    );
  });

  it('is said not to be known where its site does not answer, and is looked for until it does', async function () {
    this.timeout(40_000);
    const system = nextSystem();
    const worker = await cast(theatre, named({ steps: [], queues: [controlQueue], run: { 'run.over': over() } }, system));
    await worker.run(async () => {
      const of = {
        ...{ run: `rehearsal-${system}`, origin: 'x', startedAt: new Date().toISOString(), expires: new Date().toISOString() },
        ...{ keep: { passed: 0, failed: 0 }, places: place(system), over: { passed: true, at: new Date().toISOString() } },
      };
      const start = { workflowId: `sweep-${system}`, taskQueue: controlQueue, args: [{ system, of }] };
      const sweeping = await theatre.client.workflow.start('sweep', start);
      try {
        const problems = await until(async () => (await stateOf(sweeping)).problems[0], 'the problem', 20_000);
        assert.match(problems, /site-b could not be looked at/u);
        assert.equal((await sweeping.describe()).status.name, 'RUNNING');
      } finally {
        await sweeping.terminate('the scene is over');
      }
    });
  });

  it('by runs that are over is taken away by hand, and what a run needs that goes on stays', () =>
    rehearse(
      (call, signal) => {
        makes(Context.current().info.workflowExecution!.workflowId.replace('rehearsal-', ''), 'earlier', call, { run: 'rehearsal-gone' });
        return waits(call, signal);
      },
      async (_, system) => {
        await until(async () => there(system).length === 2, 'two copies');
        const byHand = async (look: boolean): Promise<SweepResult> =>
          theatre.client.workflow.execute('sweep', {
            workflowId: `sweep-${system}`,
            taskQueue: controlQueue,
            args: [{ system, ...(look ? { look } : {}) }],
          }) as Promise<SweepResult>;
        const looked = await byHand(true);
        assert.deepEqual(
          [looked.left.map(({ run }) => run), looked.others.map(({ run }) => run)],
          [['rehearsal-gone'], [`rehearsal-${system}`]],
        );
        assert.deepEqual(there(system), ['copy', 'earlier']);
        const { removed, left } = await byHand(false);
        assert.deepEqual([removed.length, left, there(system)], [1, [], ['copy']]);
      },
    ));
});
