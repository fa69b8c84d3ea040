import { CancellationScope } from '@temporalio/workflow';
import type { Action, Step } from '../plan/plan.ts';
import type { RunResult, WaveResult } from './wire.ts';
import { problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { perform } from './perform.ts';
import { isStep, Stopped, type Run } from './run.ts';
import { walk } from './walk.ts';

/** Carries out steps of a parent run, or undoes them, and hands back what came of each. Asks nobody, and holds nothing of its own. */
export async function wave(run: Run): Promise<RunResult> {
  const { plan, attributes, requester } = run.input.given!;
  run.attributes = attributes;
  run.requester = requester;
  run.adopt(plan);
  run.serving = plan.source.site;
  announce(run, 'running');
  try {
    if (run.input.given!.wave!.undo) await undoAll(run);
    else await walk(run);
  } catch (error) {
    if (!(error instanceof Stopped)) run.failed(plan.steps[0]!, problemOf(error));
  }
  const left = [...run.tracks.values()].filter(({ state }) => state !== 'done' && state !== 'failed' && state !== 'undone');
  for (const { node } of left) run.failed(node, { code: 'stopped', text: run.stop?.why ?? 'it was not begun' });
  announce(run, run.failures.length === 0 ? 'recovered' : 'failed');
  const result: RunResult = {
    verdict: run.failures.length === 0 ? 'recovered' : 'failed',
    why: '',
    serving: null,
    records: {},
    wave: told(run),
  };
  run.ended = result;
  return result;
}

function told(run: Run): WaveResult {
  const done = [...run.tracks].filter(([, { state }]) => state === 'done');
  return {
    outputs: Object.fromEntries(done.map(([id, { outputs }]) => [id, outputs])),
    failed: run.failures,
    backups: run.backups,
  };
}

/** Each by the way that it was carried out: what its parent was told. */
async function undoAll(run: Run): Promise<void> {
  const nodes = run.pinned.steps.filter(isStep);
  const width = 20;
  await CancellationScope.nonCancellable(async () => {
    for (let from = 0; from < nodes.length; from += width)
      await Promise.all(nodes.slice(from, from + width).map((node) => undo(run, node, node.action)));
  });
}

async function undo(run: Run, node: Step, action: Action): Promise<void> {
  const track = run.track(node.id);
  try {
    if (action.undo && action.effect !== 'read') await perform(run, node, action, 'undo', []);
    track.state = 'undone';
  } catch (error) {
    track.state = 'failed';
    run.failed(node, problemOf(error));
  }
}
