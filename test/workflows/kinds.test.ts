import assert from 'node:assert/strict';
import type { Backup, BackupNews, Proof } from '../../activities/step.ts';
import type { SystemState } from '../../workflows/wire.ts';
import { controlQueue } from '../../workflows/wire.ts';
import { asked, cast, choose, gate, nextSystem, start, step, theStage, until, type Handle, type Play, type Stage } from './stage.ts';
import { ending, entries, named, scene } from './scene.ts';

const taken = (label: string, provenAt: string | null): Backup => ({
  label,
  store: 'a-store',
  holds: 'database',
  kind: 'full',
  at: new Date(Date.now() + 60_000).toISOString(),
  bytes: 1_000,
  provenAt,
  compared: provenAt === null ? [] : ['everything'],
});
const news = (complete: boolean, ...backups: Backup[]): BackupNews => ({ store: 'a-store', holds: 'database', complete, backups });
const fence: Proof = { kind: 'fence', by: 't.fence', host: 'a-db', at: '2026-01-01T00:00:00Z', with: {}, evidence: [], latched: 'yes' };
const facts = { name: 'a-db', site: 'site-a', connection: 'local' as const, views: {}, alive: 22 };

describe('a run of each kind', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));
  const stateOfSystem = (system: string): Promise<SystemState> =>
    theatre.client.workflow.getHandle(`system-${system}`).query<SystemState>('state');

  const knownTo = (system: string): Promise<readonly Backup[]> =>
    until(async () => (await stateOfSystem(system)).backups, 'the backup in the state of the system');

  /** Plays a run of this kind about a system, whose own worker ends with it. */
  async function play<T>(
    kind: 'backup' | 'failback' | 'failover' | 'restore',
    system: string,
    what: Play,
    act: (handle: Handle) => Promise<T>,
  ): Promise<T> {
    const worker = await cast(theatre, named({ ...what, header: { ...what.header, kind } }, system));
    return worker.run(async () => {
      const handle = await theatre.client.workflow.start(kind, {
        workflowId: `${kind}-${system}`,
        taskQueue: controlQueue,
        args: [{ system, by: 'zoe', ...(kind === 'failover' ? { mode: 'planned' } : {}) }],
        workflowTaskTimeout: '3 seconds',
        workflowExecutionTimeout: '1 minute',
      });
      try {
        return await act(handle);
      } finally {
        await handle.terminate('the scene is over').catch(() => undefined);
      }
    });
  }

  it('that is a backup ends proven where what it took was proven, and the system remembers it', async () => {
    const system = nextSystem();
    const backup = taken('20261122F', null);
    const script = {
      't.take.execute': () => ({ backups: [news(true, backup)] }),
      't.prove.execute': () => ({
        backups: [news(false, { ...backup, provenAt: backup.at, compared: ['all'] })],
      }),
    };
    const steps = [step('take', [], { uses: 't.take' }), step('prove', ['take'], { uses: 't.prove' })];
    const [end, known] = await play(
      'backup',
      system,
      { steps, script },
      async (handle) => [await ending(handle), await knownTo(system)] as const,
    );
    assert.deepEqual([end.verdict, end.status], ['proven', 'completed']);
    assert.deepEqual(
      known.map(({ label, provenAt }) => [label, provenAt]),
      [['20261122F', backup.at]],
    );
    const { memo } = await theatre.client.workflow.getHandle(`system-${system}`).describe();
    assert.deepEqual(
      ((memo?.['backups'] ?? []) as Backup[]).map(({ label }) => label),
      ['20261122F'],
    );
  });

  for (const code of ['preflight-late', 'timeout-schedule-to-close', 'aws-throttled'])
    it(`that is a backup waits for nobody where its preflight is not done in time (${code}), and takes what it was to take`, async () => {
      const backup = taken('20261122F', new Date().toISOString());
      const script = { 't.take.execute': () => ({ backups: [news(true, backup)] }) };
      const late = { ok: false, seen: ['it did not answer within 7 s'], code };
      const run = {
        'run.preflight': async ({ calls }: { calls: readonly { step: { id: string } }[] }) =>
          calls.map(({ step: { id } }) => ({ step: id, ...late })),
      };
      const steps = [step('take', [], { uses: 't.take' })];
      const end = await play('backup', nextSystem(), { steps, script, run }, ending);
      assert.deepEqual([end.verdict, end.status], ['proven', 'completed']);
    });

  it('that is a backup fails as unproven where the proof fails, with nobody asked', async () => {
    const system = nextSystem();
    const script = {
      't.take.execute': () => ({ backups: [news(true, taken('20261122F', null))] }),
      't.prove.execute': () => {
        throw new Error('one byte differs');
      },
    };
    const steps = [step('take', [], { uses: 't.take' }), step('prove', ['take'], { uses: 't.prove' })];
    const [end, known] = await play(
      'backup',
      system,
      { steps, script },
      async (handle) => [await ending(handle), await knownTo(system)] as const,
    );
    assert.deepEqual([end.verdict, end.status], ['unproven', 'failed']);
    assert.match(end.why, /one byte differs/u);
    assert.deepEqual(
      known.map(({ provenAt }) => provenAt),
      [null],
    );
  });

  it('that is a backup gives way to a failover: its next change is of an older epoch', async () => {
    const system = nextSystem();
    const epochs: (number | null)[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const script = {
      't.go.execute': async ({ epoch }: { readonly epoch: number | null }) => {
        epochs.push(epoch);
        if (epochs.length === 1) await held;
      },
    };
    await play('backup', system, { steps: [step('move', [], { promotes: true })], script }, async (backup) => {
      await until(async () => epochs.length === 1, 'the backup to be under way');
      const failover = await start(theatre, system);
      assert.equal((await ending(failover)).verdict, 'recovered, unprotected');
      release();
      await ending(backup);
    });
    assert.ok(epochs[1]! > epochs[0]!, `epochs ${epochs.join(', ')}`);
  });

  it('that is a restore and puts nothing in service ends restored', async () => {
    const end = await play('restore', nextSystem(), { steps: [step('restore')], script: { 't.go.execute': () => undefined } }, ending);
    assert.deepEqual([end.verdict, end.status], ['restored', 'completed']);
  });

  it('that leaves a standby behind it ends recovered, and not unprotected', async () => {
    const steps = [step('move', [], { promotes: true }), step('follow', ['move'], { protects: true })];
    const end = await play('failback', nextSystem(), { steps, script: { 't.go.execute': () => undefined } }, ending);
    assert.equal(end.verdict, 'recovered');
  });

  it('that was protected only before it promoted ends unprotected', async () => {
    const steps = [step('follow', [], { protects: true }), step('move', ['follow'], { promotes: true })];
    const end = await play('failback', nextSystem(), { steps, script: { 't.go.execute': () => undefined } }, ending);
    assert.equal(end.verdict, 'recovered, unprotected');
  });

  it('does not promote a host on which a fence stands from a run before, unless a step has lifted it', async () => {
    const system = nextSystem();
    const script = {
      't.fence.execute': () => ({ proofs: [fence] }),
      't.go.execute': () => undefined,
      't.follow.execute': () => ({ lifts: ['a-db'] }),
    };
    const first = [step('fence', [], { uses: 't.fence' }), step('promote', ['fence'], { promotes: true })];
    await play('failover', system, { steps: first, script }, async (handle) => {
      await ending(handle);
      await until(async () => (await stateOfSystem(system)).fences.length === 1, 'the fence to stand');
    });

    const back = step('promote', [], { promotes: true, hosts: { 'a-db': facts } });
    await play('failback', system, { steps: [back], script }, async (handle) => {
      const question = await asked(handle, 'promote');
      assert.match(question.facts.map(({ value }) => value).join(' '), /a fence stands on a-db/u);
      assert.deepEqual((await entries(handle, 'done')).length, 0);
      await choose(handle, question, 'abort', 'alice');
      await ending(handle);
      await until(async () => (await stateOfSystem(system)).holder === null, 'the system to be free');
    });
    const steps = [step('follow', [], { uses: 't.follow', protects: true }), { ...back, needs: ['follow'] }];
    await play('failback', system, { steps, script }, async (handle) => {
      assert.match((await ending(handle)).verdict, /^recovered/u);
      await until(async () => (await stateOfSystem(system)).fences.length === 0, 'the fence to be gone');
    });
  });

  it('shows at its gate why it is done, and says so where nobody stated it', async () => {
    for (const [input, shown] of [
      [{ cause: 'hardware' }, /^hardware$/u],
      [{}, /^not stated/u],
    ] as const)
      await scene(
        theatre,
        { steps: [gate('cut-over')] },
        async (handle) => {
          const question = await asked(handle, 'cut-over');
          assert.match(question.facts.find(({ label }) => label === 'cause')?.value ?? '', shown);
        },
        input,
      );
  });
});
