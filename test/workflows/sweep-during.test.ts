import assert from 'node:assert/strict';
import type { SweepPlace } from '../../plan/plan.ts';
import { controlQueue, type MadeCall, type StepCall, type SweepResult, type SweepState } from '../../workflows/wire.ts';
import { localHost } from '../activities/nowhere.ts';
import { named } from './scene.ts';
import { cast, nextSystem, theStage, until, type Handle, type Play, type Stage } from './stage.ts';

describe('what a rehearsal makes while it is being taken away', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  const [left, begun]: [Set<string>, string[]] = [new Set(), []];
  let release = (): void => undefined;
  const slowly = (): Promise<void> => new Promise((resolve) => (release = resolve));
  const made = (id: string): MadeCall => ({ uses: 't.name', at: 'site-b', timeout: 10_000, call: { step: { id } } as StepCall });
  /** A sweep of two sites, and of what one step type takes away by itself; at site-b the first visit goes on until it is released. */
  async function during(of: object, act: (sweeping: Handle) => Promise<void>): Promise<void> {
    left.clear();
    begun.length = 0;
    const system = nextSystem();
    const nothing: SweepResult = { removed: [], gone: 0, left: [], others: [], problems: [] };
    const run: Play['run'] = {
      'run.over': async () => false,
      'run.sweep': async ({ place: { folders } }) => {
        const at = folders[0]!.root;
        left.delete(at);
        begun.push(at);
        if (begun.filter((one) => one === at).length === 1 && at === 'b') await slowly();
        return nothing;
      },
    };
    const script: NonNullable<Play['script']> = {
      't.name.sweep': async ({ step: { id } }) => {
        left.delete(id);
        begun.push(id);
        if (begun.length === 1) await slowly();
      },
    };
    const worker = await cast(theatre, named({ steps: [], run, script }, system));
    await worker.run(async () => {
      const at = (site: string): SweepPlace => ({ folders: [{ host: localHost(site, 22), root: site }] });
      const now = new Date().toISOString();
      const rehearsal = { run: `rehearsal-${system}`, origin: 'x', startedAt: now, expires: now, keep: { passed: 0, failed: 0 } };
      const sweeping = await theatre.client.workflow.start('sweep', {
        workflowId: `sweep-${system}`,
        taskQueue: controlQueue,
        args: [{ system, of: { ...rehearsal, places: { 'site-a': at('a'), 'site-b': at('b') }, ...of } }],
      });
      try {
        await act(sweeping);
        const { problems } = (await sweeping.result()) as SweepResult;
        assert.deepEqual([problems, [...left]], [[], []]);
      } finally {
        await sweeping.terminate('the scene is over').catch(() => undefined);
      }
    });
  }

  it('is made at a site that was looked at already, and is looked for there once more where the rehearsal ends meanwhile', () =>
    during({}, async (sweeping) => {
      await until(async () => begun.includes('a') && begun.includes('b'), 'both sites are visited');
      left.add('a');
      await sweeping.signal('over', { passed: false });
      release();
    }));

  it('is made by a step that said so only then, and is taken away all the same', () =>
    during({ places: {}, over: { passed: true, at: '2026-01-01T00:00:00.000Z' }, made: [made('one')] }, async (sweeping) => {
      await until(async () => begun.includes('one'), 'the first is being taken away');
      left.add('two');
      await sweeping.signal('made', made('two'));
      release();
    }));

  it('is made by a step only after it was looked for, and is looked for again once the rehearsal is over', () =>
    during({ places: {}, made: [made('one')] }, async (sweeping) => {
      await until(async () => begun.includes('one'), 'the first visit');
      left.add('one');
      release();
      await until(async () => (await sweeping.query<SweepState>('state')).doing === 'waiting for its rehearsal', 'the sweep to wait on');
      await sweeping.signal('over', { passed: false });
    }));
});
