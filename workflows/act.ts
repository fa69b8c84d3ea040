import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { Action, Json, Step } from '../plan/plan.ts';
import type { Stated } from '../activities/step.ts';
import { problemOf, type Problem } from './activities.ts';
import { announce } from './announce.ts';
import { ask } from './ask.ts';
import { held, stoppedCode } from './held.ts';
import { intervene } from './intervene.ts';
import { now } from './journal.ts';
import { lookup } from './lookup.ts';
import { perform } from './perform.ts';
import { policyOf } from './policy.ts';
import { notReached } from './rehearse.ts';
import { resolve, worded } from './resolve.ts';
import { isStep, Stopped, type Run, type Track } from './run.ts';
import { settle } from './settle.ts';

/** Carries one step to its end: its own way, then its other acceptable ways, then what people choose. */
export async function carryOut(run: Run, node: Step): Promise<void> {
  const track = run.track(node.id);
  for (;;) {
    if (run.held) await run.held;
    const problem = await anyWay(run, node, track);
    if (problem === null) return;
    track.state = 'failed';
    track.note = problem.text;
    if (run.collects) return run.failed(node, problem);
    if (policyOf(run.kind).onFailure === 'note') return noted(run, node, problem);
    if (problem.code === stoppedCode) {
      await held(run, problem.text);
      continue;
    }
    if (await intervene(run, node, problem)) return;
    await renewProofs(run, node);
  }
}

/** A rehearsal goes on with what does not need it; but not where the system or its copies are another run's, or it was stopped. */
function noted(run: Run, node: Step, { code, text }: Problem): void {
  notReached(run, node);
  if (code === 'another-rehearsal') run.halt({ how: 'abort', why: text, verdict: 'refused' });
  if (code === 'not-ours' || code === stoppedCode) run.halt({ how: 'abort', why: text, verdict: 'failed' });
}

/**
 * A step that relies on a proof is not tried again on a broken one: whoever made it looks again, and acts where it no longer
 * holds. Where that fails too, the step itself says why it still refuses. What people witnessed is not theirs to say twice; where it
 * was that a fence is owed, the way that was owed is tried.
 */
async function renewProofs(run: Run, node: Step): Promise<void> {
  for (const id of node.proofs) {
    const track = run.track(id);
    const prover = track.node;
    if (!isStep(prover) || track.state !== 'done') continue;
    const ways = [prover.action, ...prover.else];
    const action = ways.find(({ uses }) => uses === owed(track)) ?? ways.find(({ uses }) => uses === track.uses);
    if (!action || action.asks) continue;
    try {
      if (run.stop) throw new Stopped();
      begin(run, prover, track, action);
      settle(run, prover, track, action, await perform(run, prover, action, 'execute', []), false);
    } catch (error) {
      // The proof that was there stays, for the step to read again and to refuse by.
      track.state = 'done';
      if (error instanceof Stopped || isCancellation(error)) throw error;
      failed(run, prover, action, problemOf(error));
    }
  }
}

/** The step type that a pending fence waits for. */
function owed({ proofs }: Track): string | undefined {
  const pending = proofs.find(({ by }) => by === 'fence.pending');
  return (pending?.with as { readonly uses?: string } | undefined)?.uses;
}

async function anyWay(run: Run, node: Step, track: Track): Promise<Problem | null> {
  let problem: Problem = { code: 'error', text: 'not carried out' };
  for (const action of [node.action, ...node.else]) {
    try {
      if (run.stop) throw new Stopped();
      begin(run, node, track, action);
      refuseFenced(run, action);
      const stated = action.asks ? await askPeople(run, node, action, action.asks) : [];
      settle(run, node, track, action, await perform(run, node, action, 'execute', stated), false);
      return null;
    } catch (error) {
      if (error instanceof Stopped || isCancellation(error)) throw error;
      problem = problemOf(error);
      failed(run, node, action, problem);
      // People stopped all effects: another way would be one.
      if (problem.code === stoppedCode) return problem;
    }
  }
  return problem;
}

/** What a fence stands against may hold rows of its own: it serves again only once it follows, or people have lifted the fence. */
function refuseFenced(run: Run, action: Action): void {
  const fenced = action.promotes ? actedOn(run, action).find((name) => run.fenced.has(name)) : undefined;
  if (fenced === undefined) return;
  throw ApplicationFailure.nonRetryable(
    `a fence stands on ${fenced}: it may hold other rows than those that were served since. Let it follow first (postgres.compare, then postgres.rewind or postgres.rebuild, then postgres.reprotect), or lift its fence (fence.lift)`,
    'fenced',
  );
}

/** Names under which fences know what an action acts on: hosts, and what is at an AWS site. */
function actedOn(run: Run, { hosts, with: given }: Action): readonly string[] {
  const { site, id } = resolve({ site: given['site'] ?? null, id: given['id'] ?? null }, lookup(run)) as { site: Json; id: Json };
  return [...Object.keys(hosts), ...(typeof site === 'string' && typeof id === 'string' ? [`${site}/${id}`] : [])];
}

function failed(run: Run, node: Step, action: Action, { code, text }: Problem): void {
  run.journal.write({ what: 'failed', step: node.id, uses: action.uses, attempt: run.track(node.id).begun, code, problem: text });
  announce(run);
}

function begin(run: Run, node: Step, track: Track, action: Action): void {
  track.begun += 1;
  track.state = action.asks ? 'asking' : 'running';
  track.uses = action.uses;
  track.site = action.at;
  track.startedAt ??= now();
  track.note = '';
  // After the promotion it takes nothing from who serves: the old primary is stopped once more, to prove that it is.
  if (action.outage && run.live && !run.promoted) {
    run.serving = null;
    run.outageSince ??= Date.now();
  }
  run.journal.write({ what: 'begun', step: node.id, uses: action.uses, site: action.at, attempt: track.begun });
}

/** A step that people carry out or witness: they say so before the world is read. */
async function askPeople(run: Run, node: Step, action: Action, asks: NonNullable<Action['asks']>): Promise<readonly Stated[]> {
  const title = worded(resolve(asks.question, lookup(run)));
  const { approved } = run.input.given ?? {};
  if (asks.covered && approved && approved.by.length >= asks.people) {
    run.track(node.id).state = 'running';
    const decided = {
      what: 'decided',
      question: node.id,
      attempt: run.attempt(node.id),
      choice: 'done',
      counts: true,
      reason: '',
    } as const;
    for (const { by, how } of approved.by)
      run.journal.write({ ...decided, by, how, note: `approved by the gate ${approved.gate}: ${title}` });
    return approved.by;
  }
  const answer = await ask(run, {
    id: node.id,
    kind: 'task',
    title: `${node.id}: ${title}`,
    facts: [{ label: 'step', value: `${action.uses} at ${action.at}` }],
    choices: [
      { choice: 'done', label: `Done: ${node.id}`, description: `It is done, and I saw it: ${title}`, reason: false },
      { choice: 'refuse', label: `Cannot: ${node.id}`, description: 'It cannot be done; the step fails.', reason: false },
    ],
    approvers: asks.approvers,
    count: asks.people,
  });
  if (answer.choice !== 'done') {
    const who = answer.by.map((person) => person.by).join(', ') || 'nobody';
    throw ApplicationFailure.nonRetryable(`${who} said that it cannot be done${answer.reason ? `: ${answer.reason}` : ''}`, 'refused');
  }
  run.track(node.id).state = 'running';
  return answer.by;
}
