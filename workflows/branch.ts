import type { Branch, Child, Json } from '../plan/plan.ts';
import { announce } from './announce.ts';
import { askAboutBranch } from './ask-about-branch.ts';
import { mostChildren } from './children.ts';
import { endedWell, runChild } from './child-run.ts';
import { held, stoppedCode } from './held.ts';
import { now } from './journal.ts';
import { policyOf } from './policy.ts';
import { Stopped, type Run, type Track } from './run.ts';
import { undoWaves, waveChild } from './wave-child.ts';

/** What is left of a branch: a child, and which of its steps. */
export interface Part {
  readonly child: Child;
  /** Steps of a wave; null: all. */
  readonly only: ReadonlySet<string> | null;
}
export interface Failure {
  /** What is to be tried again. */
  readonly part: Part;
  /** The item, or the child. */
  readonly name: string;
  readonly code: string;
  readonly text: string;
}
/** Outputs of a branch, by item. */
export type Items = { [name: string]: Json };

/** Carries the children of a branch to their end; what failed is asked about once for all of them. */
export async function descend(run: Run, node: Branch): Promise<void> {
  const track = run.track(node.id);
  const items: Items = {};
  // A system that was moved is not moved again where the walk comes by a second time.
  const open = node.children.filter((child) => !endedWell(run, node, child));
  let parts: readonly Part[] = open.map((child) => ({ child, only: null }));
  track.startedAt ??= now();
  for (;;) {
    if (run.stop) throw new Stopped();
    track.begun += 1;
    track.state = 'running';
    run.journal.write({ what: 'begun', step: node.id, uses: track.uses, site: siteOf(run, node), attempt: track.begun });
    const failures = await carry(run, node, track, parts, items);
    track.outputs = { items };
    if (run.stop) throw new Stopped();
    if (failures.length === 0) return settled(run, node, track);
    for (const { name, code, text } of failures.slice(0, 20))
      run.journal.write({ what: 'failed', step: node.id, uses: track.uses, attempt: track.begun, code, problem: `${name}: ${text}` });
    track.state = 'failed';
    track.note = `${failures.length} failed`;
    announce(run);
    const next = await afterFailure(run, node, track, failures);
    if (next === 'go on') return;
    parts = next;
  }
}

/** @returns what is to be tried again, or that the branch counts as done. */
async function afterFailure(run: Run, node: Branch, track: Track, failures: readonly Failure[]): Promise<'go on' | readonly Part[]> {
  const stopped = failures.find(({ code }) => code === stoppedCode);
  if (stopped !== undefined) {
    await held(run, stopped.text);
    return again(failures);
  }
  const why = `${node.id}: ${failures.length} failed, such as ${failures[0]!.name}: ${failures[0]!.text}`;
  const undoes = policyOf(run.kind).onFailure === 'undo';
  if (node.of === 'wave' && (undoes || policyOf(run.kind).onFailure === 'note')) return keepRest(run, node, track, failures, why);
  const goesOn = node.of === 'runs' && (node.whenItFails === 'go-on' || undoes);
  const answer = goesOn ? { choice: 'skip', reason: 'the rest goes on without it' } : await askAboutBranch(run, node, failures);
  switch (answer.choice) {
    case 'retry':
      return again(failures);
    case 'skip':
      track.state = 'skipped';
      track.note = `${failures.length} failed; ${answer.reason}`;
      track.endedAt = now();
      run.journal.write({ what: 'skipped', step: node.id, why: `${failures.length} that failed: ${answer.reason}` });
      return 'go on';
    case 'back-out':
      run.halt({ how: 'back out', why });
      throw new Stopped();
    default:
      run.halt({ how: 'abort', why });
      throw new Stopped();
  }
}

/** One bad volume takes none of the good ones with it: what failed is undone, the rest is kept, and the run tells what it lacks. */
async function keepRest(run: Run, node: Branch, track: Track, failures: readonly Failure[], why: string): Promise<'go on'> {
  const parts = again(failures);
  const failed = parts.reduce((sum, { child, only }) => sum + (only?.size ?? child.steps), 0);
  const all = node.children.reduce((sum, { steps }) => sum + steps, 0);
  const over = failures.some(({ code }) => code === 'not-ours');
  track.endedAt = now();
  if (run.live ? over || failed === all : over) {
    const unproven = run.live && run.backups.length > 0;
    run.halt({ how: run.live ? 'undo' : 'abort', why, verdict: unproven ? 'unproven' : 'failed' });
    throw new Stopped();
  }
  // What a rehearsal made is taken away with all the rest of it; its finding is the failed step.
  if (!run.live) return rehearsedRest(run, node, track, failures);
  const problem = await undoWaves(run, node, parts);
  const undone = problem === null ? `${failed} of ${all} failed, and what was begun of them was undone` : `not all of it: ${problem}`;
  run.journal.write({ what: 'undone', step: node.id, uses: track.uses, evidence: [undone] });
  run.lacks.push(...failures.filter(({ code }) => code !== 'not-reached').map(({ name, text }) => `${node.id} of ${name}: ${text}`));
  track.state = 'skipped';
  track.note = `${failed} of ${all} failed; the rest is kept`;
  return 'go on';
}

/** What could not be tried, for what it needs was not made, is no flaw of its own. */
function rehearsedRest(run: Run, node: Branch, track: Track, failures: readonly Failure[]): 'go on' {
  const own = failures.filter(({ code }) => code !== 'not-reached');
  const named = (own.length > 0 ? own : failures).slice(0, 5).map(({ name, text }) => `${name}: ${text}`);
  track.note = `${failures.length} failed: ${named.join('; ')}`;
  if (own.length > 0) return 'go on';
  track.state = 'skipped';
  run.journal.write({ what: 'not-proven', step: node.id, why: track.note });
  return 'go on';
}

/** Only what failed, by child. */
function again(failures: readonly Failure[]): readonly Part[] {
  const parts = new Map<Child, Set<string> | null>();
  for (const { child, only } of failures.map(({ part }) => part)) {
    const before = parts.get(child);
    if (only === null || before === null) parts.set(child, null);
    else parts.set(child, new Set([...(before ?? []), ...only]));
  }
  return [...parts].map(([child, only]) => ({ child, only }));
}

/** Ends once all have come to rest, whatever became of each. */
async function carry(run: Run, node: Branch, track: Track, parts: readonly Part[], items: Items): Promise<Failure[]> {
  const failures: Failure[] = [];
  const width = Math.min(node.width, mostChildren, parts.length, node.of === 'wave' ? slotsAt(run, node) : Infinity);
  const queue = [...parts];
  let ended = 0;
  const worker = async (): Promise<void> => {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      failures.push(...(node.of === 'runs' ? await runChild(run, node, part, items) : await waveChild(run, node, part, items, width)));
      ended += 1;
      track.note = progress(node, parts, ended, failures.length);
      announce(run);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: width }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return failures;
}

function progress(node: Branch, parts: readonly Part[], ended: number, failed: number): string {
  const what = node.of === 'runs' ? '' : ` child run${parts.length === 1 ? '' : 's'}`;
  return `${ended} of ${parts.length}${what} ended${failed > 0 ? `, ${failed} failed` : ''}`;
}

function slotsAt(run: Run, node: Branch): number {
  return run.pinned.sites[siteOf(run, node)]?.steps ?? Infinity;
}

function siteOf(run: Run, node: Branch): string {
  return node.at ?? run.pinned.target.site;
}

function settled(run: Run, node: Branch, track: Track): void {
  track.state = 'done';
  track.endedAt = now();
  const count = node.children.reduce((sum, { steps }) => sum + steps, 0);
  const ends = [...run.childRuns.values()].filter((one) => one.node === node.id);
  const verdicts = ends.map(({ child, verdict }) => `${child.name}: ${verdict}`);
  track.note = node.of === 'wave' ? `all ${count} done` : verdicts.join(', ').slice(0, 200);
  const evidence =
    node.of === 'wave' ? [`${count} were carried out in ${count === 0 ? 'no' : node.children.length} child runs.`] : verdicts;
  run.journal.write({
    what: 'done',
    step: node.id,
    uses: track.uses,
    attempt: track.begun,
    byHand: false,
    outputs: {},
    proofs: [],
    evidence,
  });
  announce(run);
}
