import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { StepError } from '../../activities/error.ts';
import type { StepCall } from '../../workflows/wire.ts';
import { asked, choose, gate, nextSystem, start, stateOf, step, theStage, until, type Handle, type Play, type Stage } from './stage.ts';
import { ending, entries, scene } from './scene.ts';
import { items as crowd } from './player.ts';
import { Troupe } from './troupe.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `i-${n + 1}`);

describe('many like steps', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  /** How often each item was carried out; `broken` refuses until it is emptied. */
  function many(broken: Set<string>): { script: NonNullable<Play['script']>; done: Map<string, number>; calls: StepCall[] } {
    const done = new Map<string, number>();
    const calls: StepCall[] = [];
    const execute = (call: StepCall): { outputs: object } => {
      const item = call.with['item'] as string;
      calls.push(call);
      if (broken.has(item)) throw new StepError('no-room', 'the account has no room', 'person');
      done.set(item, (done.get(item) ?? 0) + 1);
      return { outputs: { id: `made-${item}` } };
    };
    return { script: { 't.item.execute': execute as never, 't.go.execute': () => undefined, 't.item.undo': () => undefined }, done, calls };
  }

  const played = (troupe: Troupe, steps: Play['steps'], script: NonNullable<Play['script']>, more: Partial<Play> = {}): Play => ({
    steps,
    script,
    ...more,
    run: { ...troupe.activities, ...more.run },
  });

  it('ask people once where many of them fail alike, and only those are tried again, with the keys and as the attempt that they are', async function () {
    this.timeout(60_000);
    const troupe = new Troupe();
    const items = names(450);
    const broken = new Set(items.filter((_, n) => n % 15 === 0));
    const failing = [...broken];
    const { script, done, calls } = many(broken);
    const steps = [troupe.wave('many', items), step('promote', ['many'], { promotes: true })];
    const header = { sites: { 'site-a': { kind: 'physical' as const, steps: 20 }, 'site-b': { kind: 'physical' as const, steps: 60 } } };
    await scene(theatre, played(troupe, steps, script, { header }), async (handle) => {
      const question = await until(async () => (await stateOf(handle)).questions.find(({ id }) => id === 'many'), 'the question', 24_000);
      assert.equal((await stateOf(handle)).questions.length, 1);
      assert.match(question.title, /30/u);
      assert.match(question.facts.map(({ label, value }) => `${label}: ${value}`).join('\n'), /30 .*no-room.*: the account has no room/u);
      assert.equal(done.size, 420);
      broken.clear();
      const first = new Map(calls.map(({ step, with: given }) => [given['item'], step.id]));
      const before = calls.length;
      await choose(handle, question, 'retry', 'alice');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      const again = calls.slice(before);
      assert.deepEqual(again.map(({ with: given }) => given['item'] as string).toSorted(), failing.toSorted());
      assert.ok([...done.values()].every((times) => times === 1));
      assert.equal(new Set(calls.map(({ run }) => run.origin)).size, 1);
      for (const { step, with: given } of again) assert.equal(step.id, first.get(given['item']));
      assert.deepEqual([...new Set(again.map(({ step }) => step.attempt))], [2]);
    });
  });

  it('are at a site no more at once than its slots, in however many child runs', () => {
    const troupe = new Troupe();
    let now = 0;
    let most = 0;
    const script = {
      't.item.execute': async () => {
        most = Math.max(most, (now += 1));
        await new Promise((resolve) => setTimeout(resolve, 60));
        now -= 1;
      },
    };
    const header = { sites: { 'site-b': { kind: 'physical' as const, steps: 4 } } };
    const steps = [troupe.wave('many', names(60), { most: 10 })];
    return scene(theatre, played(troupe, steps, script, { header }), async (handle) => {
      await ending(handle);
      assert.ok(most <= 4, `${most} at once`);
      assert.ok(most >= 3, `only ${most} at once`);
    });
  });

  it('are given what steps before them found, and hand their outputs on by item', () => {
    const troupe = new Troupe();
    const seen: unknown[] = [];
    const script: NonNullable<Play['script']> = {
      't.find.execute': () => ({ outputs: { key: 'k-1' } }),
      't.item.execute': (call) => {
        seen.push(call.with['key']);
        return { outputs: { id: `made-${call.with['item'] as string}` } };
      },
      't.go.execute': (call) => {
        seen.push(call.with['one']);
      },
    };
    const steps = [
      step('find', [], { uses: 't.find' }),
      troupe.wave('many', ['x', 'y'], { needs: ['find'], with: { key: { $ref: ['steps', 'find', 'outputs', 'key'] } } }),
      step('promote', ['many'], { promotes: true, with: { one: { $ref: ['steps', 'many', 'outputs', 'items', 'y', 'id'] } } }),
    ];
    return scene(theatre, played(troupe, steps, script), async (handle) => {
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.deepEqual(seen, ['k-1', 'k-1', 'made-y']);
    });
  });

  it('are skipped for a reason, which the run names as not proven', () => {
    const troupe = new Troupe();
    const { script } = many(new Set(['i-2']));
    const steps = [troupe.wave('many', names(3)), step('promote', ['many'], { promotes: true })];
    return scene(theatre, played(troupe, steps, script), async (handle) => {
      await choose(handle, await asked(handle, 'many'), 'skip', 'alice', 'it is gone for good');
      await ending(handle);
      assert.match(JSON.stringify(await entries(handle, 'not-proven')), /it is gone for good/u);
    });
  });

  it('leave nobody out where the child run that tries again is ended from outside', () => {
    const troupe = new Troupe();
    const broken = new Set(['i-1', 'i-2']);
    let stuck: (() => void) | undefined;
    const { script, done } = many(broken);
    const execute = script['t.item.execute']!;
    let second = false;
    const waiting: NonNullable<Play['script']> = {
      ...script,
      't.item.execute': async (call, n, signal) => {
        if (second) await new Promise<void>((resolve) => ((stuck = resolve), signal.addEventListener('abort', () => resolve())));
        return execute(call, n, signal);
      },
    };
    return scene(theatre, played(troupe, [troupe.wave('many', names(3))], waiting), async (handle) => {
      const question = await asked(handle, 'many');
      second = true;
      await choose(handle, question, 'retry', 'alice');
      await until(async () => stuck !== undefined, 'the second try to be under way');
      const children = await childrenOf(theatre, handle);
      assert.equal(children.length, 1);
      await theatre.client.workflow.getHandle(children[0]!).terminate('from outside');
      second = false;
      broken.clear();
      await choose(handle, await asked(handle, 'many', 2), 'retry', 'alice');
      await ending(handle);
      assert.deepEqual([...done.keys()].toSorted(), ['i-1', 'i-2', 'i-3']);
    });
  });

  it('do not hang the run where what they hand back is more than a run can carry', async function () {
    this.timeout(40_000);
    const troupe = new Troupe();
    const script = { 't.item.execute': () => ({ outputs: { text: 'x'.repeat(50_000) } }), 't.go.execute': () => undefined };
    const steps = [troupe.wave('many', names(60)), step('promote', ['many'], { promotes: true })];
    await scene(theatre, played(troupe, steps, script), async (handle) => {
      const state = await until(
        async () => {
          const now = await stateOf(handle);
          return now.questions.length > 0 || now.verdict !== null ? now : null;
        },
        'an end, or a question',
        20_000,
      );
      assert.ok(state.verdict !== null || state.questions.length === 1);
    });
  });

  it('are looked at before the gate like any other step', () => {
    const troupe = new Troupe();
    const looked: string[] = [];
    const { script } = many(new Set());
    const run: Play['run'] = {
      'run.preflight': async ({ calls }) => {
        looked.push(...calls.map(({ with: given }) => given['item'] as string));
        return calls.map(({ step }) => ({ step: step.id, ok: true, seen: ['looks well'], code: '' }));
      },
    };
    const steps = [gate('ok'), troupe.wave('many', names(5), { needs: ['ok'] })];
    return scene(theatre, played(troupe, steps, script, { run }), async (handle) => {
      await asked(handle, 'ok');
      assert.deepEqual(looked.toSorted(), names(5));
    });
  });

  it('are undone where their run backs out, each once', () => {
    const troupe = new Troupe();
    const undone: string[] = [];
    const script: NonNullable<Play['script']> = {
      't.item.execute': () => undefined,
      't.item.undo': ({ with: given }) => void undone.push(given['item'] as string),
      't.bad.execute': () => Promise.reject(new Error('the disk is full')),
    };
    const steps = [troupe.wave('many', names(25), { most: 10 }), step('bad', ['many'], { uses: 't.bad' })];
    return scene(
      theatre,
      played(troupe, steps, script),
      async (handle) => {
        await choose(handle, await asked(handle, 'bad'), 'back-out', 'alice');
        assert.equal((await ending(handle)).verdict, 'backed out');
        assert.deepEqual(undone.toSorted(), names(25).toSorted());
      },
      { mode: 'planned' },
    );
  });

  it('leave histories that replay, of their run and of each child', () => {
    const troupe = new Troupe();
    const { script } = many(new Set());
    return scene(theatre, played(troupe, [troupe.wave('many', names(25), { most: 10 })], script), async (handle) => {
      await ending(handle);
      const { events } = await handle.fetchHistory();
      const ids = (events ?? []).flatMap(
        (event) => event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId ?? [],
      );
      assert.equal(new Set(ids).size, 3);
      for (const id of [handle.workflowId, ...ids])
        await Worker.runReplayHistory({ workflowBundle: theatre.bundle }, await theatre.client.workflow.getHandle(id).fetchHistory(), id);
    });
  });

  it('come to rest where their run is cancelled, and nothing acts after its end', () => {
    const troupe = new Troupe();
    let now = 0;
    const script: NonNullable<Play['script']> = {
      't.item.execute': async (_, __, signal) => {
        now += 1;
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        now -= 1;
        throw new Error('cancelled');
      },
    };
    return scene(theatre, played(troupe, [troupe.wave('many', names(5))], script), async (handle) => {
      await until(async () => now > 0, 'items to be under way');
      await handle.cancel();
      assert.equal((await ending(handle)).verdict, 'cancelled');
      assert.equal(now, 0);
      for (const id of await childrenOf(theatre, handle))
        assert.notEqual((await theatre.client.workflow.getHandle(id).describe()).status.name, 'RUNNING');
    });
  });

  it('go on where they were when their worker is killed among them, and each takes effect once', async function () {
    this.timeout(90_000);
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-wave-'));
    const file = join(folder, 'effects');
    const system = nextSystem();
    const effects = async (): Promise<string[]> => (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean);
    const players: ChildProcess[] = [];
    const player = async (): Promise<ChildProcess> => {
      const script = fileURLToPath(new URL('player.ts', import.meta.url));
      const args = ['--import=tsx', script, theatre.env.address, system, file];
      const made = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      players.push(made);
      await new Promise((resolve, reject) => (made.stdout!.once('data', resolve), made.once('exit', reject)));
      return made;
    };
    try {
      const first = await player();
      const handle = await start(theatre, system);
      await until(async () => (await effects()).length >= 10, 'a quarter of them', 30_000);
      first.kill('SIGKILL');
      await new Promise((resolve) => first.once('exit', resolve));
      const before = (await effects()).length;
      assert.ok(before < crowd.length, `all ${before} were done before`);
      await player();
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      const keys = await effects();
      assert.deepEqual([keys.length, new Set(keys).size], [crowd.length, crowd.length]);
    } finally {
      for (const one of players) one.kill('SIGKILL');
      await theatre.client.workflow
        .getHandle(`failover-${system}`)
        .terminate('the scene is over')
        .catch(() => undefined);
      await rm(folder, { recursive: true });
    }
  });
});

/** Workflow ids of the child runs that were started last, by the run's own history. */
async function childrenOf(theatre: Stage, handle: Handle): Promise<string[]> {
  const { events = [] } = await handle.fetchHistory();
  const ids = (events ?? []).flatMap((event) => event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId ?? []);
  const running = await Promise.all(
    ids.map(async (id) => ((await theatre.client.workflow.getHandle(id).describe()).status.name === 'RUNNING' ? [id] : [])),
  );
  return running.flat();
}
