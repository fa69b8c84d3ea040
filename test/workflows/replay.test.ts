import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { historyFromJSON, historyToJSON, type History } from '@temporalio/common/lib/proto-utils.js';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { journalSink } from '../../worker/sink.ts';
import type { Entry } from '../../record/journal.ts';
import { asked, choose, gate, journalOf, step, theStage, until, type Handle, type Play, type Stage } from './stage.ts';
import { decisions, ending, scene } from './scene.ts';

/** Histories of earlier runs, one for each kind of path. `LIFEBOAT_SAVE_HISTORIES=1` writes them anew. */
const folder = new URL('../fixtures/histories/', import.meta.url);
const save = process.env['LIFEBOAT_SAVE_HISTORIES'] === '1';

describe('the history of a run', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  const script: NonNullable<Play['script']> = {
    't.go.execute': () => undefined,
    't.go.undo': () => undefined,
    't.broken.execute': () => Promise.reject(new Error('no')),
  };
  const way = [gate('cut-over'), step('promote', ['cut-over'], { promotes: true })];
  const faulty = [
    gate('cut-over'),
    step('quiesce', ['cut-over'], { uses: 't.broken', outage: true }, { only: 'planned' }),
    step('promote', ['quiesce'], { promotes: true }),
  ];

  const paths: Readonly<Record<string, { readonly play: Play; readonly input?: object; act(handle: Handle): Promise<void> }>> = {
    approved: { play: { steps: way, script }, act: async (handle) => choose(handle, await asked(handle, 'cut-over'), 'approve', 'alice') },
    refused: { play: { steps: way, script }, act: async (handle) => choose(handle, await asked(handle, 'cut-over'), 'refuse', 'alice') },
    expired: {
      play: { steps: [gate('cut-over', [], { expires: 100, onExpiry: { escalate: 'dbas', expires: 100, then: 'abort' } })], script },
      act: async () => undefined,
    },
    aborted: {
      play: { steps: [step('a', [], { uses: 't.broken' })], script },
      act: async (handle) => choose(handle, await asked(handle, 'a'), 'abort', 'alice'),
    },
    'backed-out': {
      play: { steps: [step('a', [], { undo: true }), step('b', ['a'], { uses: 't.broken' })], script },
      input: { mode: 'planned' },
      act: async (handle) => choose(handle, await asked(handle, 'b'), 'back-out', 'alice'),
    },
    switched: {
      play: { steps: faulty, script },
      input: { mode: 'planned' },
      act: async (handle) => {
        await choose(handle, await asked(handle, 'cut-over'), 'approve', 'alice');
        await choose(handle, await asked(handle, 'quiesce'), 'unplanned', 'bob');
        await choose(handle, await asked(handle, 'cut-over', 2), 'approve', 'alice');
      },
    },
    'late-and-early': {
      play: { steps: way, script },
      act: async (handle) => {
        await handle.signal('Approve anything #1', { by: 'mallory' });
        const question = await asked(handle, 'cut-over');
        await until(async () => (await decisions(handle)).length === 1, 'the early one is recorded');
        await Promise.all([choose(handle, question, 'approve', 'alice'), choose(handle, question, 'approve', 'bob')]);
      },
    },
    told: {
      play: {
        steps: [gate('cut-over', [], { expires: 100, onExpiry: { escalate: 'dbas', expires: 100, then: 'abort' } })],
        script,
        header: { notify: { 'on-call': { webhook: 'http://127.0.0.1:9/', on: ['gate', 'ended'] } } },
        run: { 'run.tell': async () => 'told' },
      },
      act: async () => undefined,
    },
    cancelled: {
      play: { steps: way, script },
      act: async (handle) => {
        await asked(handle, 'cut-over');
        await handle.cancel();
      },
    },
  };

  for (const [name, { play, input, act }] of Object.entries(paths)) {
    it(`that was ${name.replaceAll('-', ' ')} replays, and makes the same journal again`, () =>
      scene(
        theatre,
        play,
        async (handle) => {
          await act(handle);
          await ending(handle);
          const [history, journal] = await Promise.all([handle.fetchHistory(), journalOf(handle)]);
          const heard = await replay(theatre, history, handle.workflowId);
          assert.deepEqual(heard, journal);
          assert.equal(heard.at(-1)?.what, 'ended');
          if (save) {
            await mkdir(folder, { recursive: true });
            const json = { workflowId: handle.workflowId, ...(JSON.parse(historyToJSON(history)) as object) };
            await writeFile(
              new URL(`${name}.json`, folder),
              `${JSON.stringify(json, nobodys, 1)}\n`.replaceAll(/\d+@[\w.-]+/gu, 'worker@host'),
            );
          }
        },
        input,
      ));
  }

  it('of an earlier release replays against the code as it is now', async () => {
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    assert.deepEqual(files.map((name) => name.replace('.json', '')).toSorted(), Object.keys(paths).toSorted());
    for (const file of files) {
      const { workflowId, history } = await saved(file);
      const heard = await replay(theatre, history, workflowId).catch((error: unknown) => assert.fail(`${file}: ${String(error)}`));
      assert.equal(heard.at(-1)?.what, 'ended', file);
    }
  });

  it('that tells of another order of steps is noticed', async () => {
    const { workflowId, history } = await saved('approved.json');
    const scheduled = history.events!.find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 't.go.execute')!;
    scheduled.activityTaskScheduledEventAttributes!.activityType!.name = 't.other.execute';
    await assert.rejects(
      replay(theatre, history, workflowId),
      (error) => error instanceof DeterminismViolationError || /determinis/iu.test(String(error)),
    );
  });
});

/** Leaves out whose machine it was. */
const nobodys = (key: string, value: unknown): unknown =>
  key === 'identity' ? 'worker@host' : key === 'stackTrace' || key === 'workerControlTaskQueue' ? '' : value;

async function saved(file: string): Promise<{ workflowId: string; history: History }> {
  const { workflowId, ...json } = JSON.parse(await readFile(new URL(file, folder), 'utf8')) as { workflowId: string };
  return { workflowId, history: historyFromJSON(json) };
}

async function replay(theatre: Stage, history: History, workflowId: string): Promise<Entry[]> {
  const heard: Entry[] = [];
  await Worker.runReplayHistory(
    { workflowBundle: theatre.bundle, sinks: journalSink((entry) => heard.push(JSON.parse(JSON.stringify(entry)) as Entry), true) },
    history,
    workflowId,
  );
  return heard;
}
