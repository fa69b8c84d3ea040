import { CancellationScope } from '@temporalio/workflow';
import type { Json, Step } from '../plan/plan.ts';
import type { RunResult, WaveResult } from './wire.ts';
import { problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { perform } from './perform.ts';
import { isStep, Stopped, type Run } from './run.ts';
import { walk } from './walk.ts';

/** All outputs that a child hands back, characters: more than a payload holds would hang it for ever. */
const largestOutputs = 350_000;

/** Findings that a child hands back. */
const mostFindings = 100;

/** Carries out steps of a parent run, or undoes them, and hands back what came of each. Asks nobody, and holds nothing of its own. */
export async function wave(run: Run): Promise<RunResult> {
  const { plan, attributes, requester, wave: of } = run.input.given!;
  run.attributes = attributes;
  run.requester = requester;
  run.adopt(plan);
  run.serving = plan.source.site;
  for (const track of run.tracks.values()) track.begun = of!.attempt - 1;
  announce(run, 'running');
  try {
    if (of!.undo) await undoAll(run);
    else await walk(run);
  } catch (error) {
    if (!(error instanceof Stopped)) run.halt({ how: 'abort', why: problemOf(error).text });
  }
  const left = [...run.tracks.values()].filter(({ state }) => state !== 'done' && state !== 'failed' && state !== 'undone');
  for (const { node } of left) run.failed(node, { code: 'stopped', text: run.stop?.why ?? 'it was not begun' });
  const verdict = run.failures.length === 0 ? 'recovered' : 'failed';
  announce(run, verdict);
  run.ended = { verdict, why: '', serving: null, records: {}, wave: told(run) };
  return run.ended;
}

function told(run: Run): WaveResult {
  const outputs: { [step: string]: Json } = {};
  let [size, dropped] = [0, 0];
  for (const [id, track] of run.tracks) {
    if (track.state !== 'done') continue;
    const characters = JSON.stringify(track.outputs).length;
    const fits = size + characters <= largestOutputs;
    if (fits) size += characters;
    else dropped += 1;
    outputs[id] = fits ? track.outputs : {};
  }
  const findings = run.findings.slice(0, mostFindings).map((found) => ({ ...found, text: found.text.slice(0, 500) }));
  return { outputs, dropped, failed: run.failures, backups: run.backups, findings };
}

/** Each by its first way, as a run undoes its own steps. */
async function undoAll(run: Run): Promise<void> {
  const nodes = run.pinned.steps.filter(isStep);
  const width = 20;
  await CancellationScope.nonCancellable(async () => {
    for (let from = 0; from < nodes.length; from += width)
      await Promise.all(nodes.slice(from, from + width).map((node) => undo(run, node)));
  });
}

async function undo(run: Run, node: Step): Promise<void> {
  const track = run.track(node.id);
  const { action } = node;
  try {
    if (action.undo && action.effect !== 'read') await perform(run, node, action, 'undo', []);
    track.state = 'undone';
  } catch (error) {
    track.state = 'failed';
    run.failed(node, problemOf(error));
  }
}
