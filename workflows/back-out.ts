import { isCancellation } from '@temporalio/workflow';
import type { Branch, Step } from '../plan/plan.ts';
import { problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { ask } from './ask.ts';
import { undoWaves } from './wave-child.ts';
import { lookAround } from './gate.ts';
import { perform } from './perform.ts';
import { isStep, Stopped, type Run, type Track } from './run.ts';

/**
 * Undoes what was begun, newest first, until the source serves again. Where the promotion turns out to have happened,
 * `run.promoted` is set and nothing more is undone.
 * @returns why it could not, or null where it did.
 */
export async function backOut(run: Run): Promise<string | null> {
  const { source } = run.pinned;
  const stopped = run.stop;
  // What follows asks people too, and must not be ended by the very stop that began it.
  run.stop = null;
  announce(run, 'backing out');
  const begun = [...run.tracks.values()].filter(
    ({ begun: times, node }) =>
      times > 0 && ((isStep(node) && node.action.effect !== 'read') || (node.kind === 'branch' && node.of === 'wave')),
  );
  for (const track of begun.toReversed().toSorted((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? ''))) {
    const problem = await undo(run, track).catch((error: unknown) => {
      if (error instanceof Stopped) return `cancelled while ${track.node.id} could not be undone`;
      throw error;
    });
    if (problem === null) continue;
    run.stop = stopped;
    return problem;
  }
  run.stop = stopped;
  const stoppers = begun.filter((track) => isStep(track.node) && track.node.action.outage);
  if (stoppers.length > 0) run.serving = stoppers.every((track) => track.state === 'undone') ? source.site : null;
  else if ((await lookAround(run)).viewpoints.some(({ name, sees }) => name === 'probe' && sees === 'alive')) run.serving = source.site;
  run.journal.write({ what: 'serving', site: run.serving, note: 'after backing out' });
  return null;
}

async function undo(run: Run, track: Track): Promise<string | null> {
  if (track.node.kind === 'branch') return undoWave(run, track, track.node);
  const node = track.node as Step;
  if (!node.action.undo) {
    run.journal.write({ what: 'undone', step: node.id, uses: node.action.uses, evidence: ['it has no undo; left as it is'] });
    return null;
  }
  for (;;) {
    try {
      const { evidence } = await perform(run, node, node.action, 'undo', []);
      track.state = 'undone';
      // A fence that was taken back no longer stands.
      track.proofs = [];
      run.journal.write({ what: 'undone', step: node.id, uses: node.action.uses, evidence });
      announce(run);
      return null;
    } catch (error) {
      if (isCancellation(error) || error instanceof Stopped) throw error;
      const { text, code } = problemOf(error);
      run.journal.write({
        what: 'failed',
        step: node.id,
        uses: node.action.uses,
        attempt: track.begun,
        code,
        problem: `not undone: ${text}`,
      });
      if (code === 'promoted') {
        run.promoted = true;
        run.committed = true;
        run.serving = run.pinned.target.site;
        return text;
      }
      const answer = await ask(run, {
        id: `undo-${node.id}`,
        kind: 'intervention',
        title: `${node.id} could not be undone: what now?`,
        facts: [{ label: 'problem', value: text }],
        choices: [
          { choice: 'retry', label: `Retry undo of ${node.id}`, description: 'Try to undo it again.', reason: false },
          {
            choice: 'skip',
            label: `Leave ${node.id} as it is`,
            description: 'Undo the rest. Input: the reason, a text in quotes.',
            reason: true,
          },
          { choice: 'abort', label: `Abort undo at ${node.id}`, description: 'End the run here.', reason: false },
        ],
        approvers: [],
        count: 1,
      });
      if (answer.choice === 'retry') continue;
      run.journal.write({ what: 'skipped', step: node.id, why: `not undone: ${answer.reason || text}` });
      return answer.choice === 'skip' ? null : `${node.id} could not be undone: ${text}`;
    }
  }
}

async function undoWave(run: Run, track: Track, node: Branch): Promise<string | null> {
  const problem = await undoWaves(run, node);
  const evidence = problem === null ? ['what its child runs did was undone'] : [`not all of it: ${problem}`];
  track.state = problem === null ? 'undone' : 'failed';
  run.journal.write({ what: 'undone', step: node.id, uses: track.uses, evidence });
  return problem === null ? null : `${node.id} could not be undone: ${problem}`;
}
