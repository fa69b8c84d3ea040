import { ApplicationFailure, CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { Action, Json, Step } from '../plan/plan.ts';
import type { Stated } from '../activities/step.ts';
import type { StepAnswer, StepCall } from './wire.ts';
import { siteQueue } from './wire.ts';
import { control, phase, problemOf, short, workerLost, type Problem } from './activities.ts';
import { announce } from './announce.ts';
import { ask } from './ask.ts';
import { fits } from './fit.ts';
import { intervene } from './intervene.ts';
import { now } from './journal.ts';
import { resolve } from './resolve.ts';
import { lookup } from './lookup.ts';
import { isStep, Stopped, type Run, type Track } from './run.ts';

/** A frozen or killed worker is noticed this soon; also bounds what a run that no longer runs can still do. */
const heartbeat = '3 seconds';
/** A step that nobody picks up for this long is looked into. */
const pickUp = '5 seconds';
/** A step is handed to another worker this often before people are asked. */
const handovers = 10;

/** Carries one step to its end: its own way, then its other acceptable ways, then what people choose. */
export async function carryOut(run: Run, node: Step): Promise<void> {
  const track = run.track(node.id);
  for (;;) {
    const problem = await anyWay(run, node, track);
    if (problem === null) return;
    track.state = 'failed';
    track.note = problem.text;
    if (await intervene(run, node, problem)) return;
  }
}

async function anyWay(run: Run, node: Step, track: Track): Promise<Problem | null> {
  let problem: Problem = { code: 'error', text: 'not carried out' };
  for (const action of [node.action, ...node.else]) {
    try {
      if (run.stop) throw new Stopped();
      await oneWay(run, node, track, action);
      return null;
    } catch (error) {
      if (error instanceof Stopped || isCancellation(error)) throw error;
      problem = problemOf(error);
      run.journal.write({ what: 'failed', step: node.id, uses: action.uses, attempt: track.begun, code: problem.code, problem: problem.text });
      announce(run);
    }
  }
  return problem;
}

async function oneWay(run: Run, node: Step, track: Track, action: Action): Promise<void> {
  begin(run, node, track, action);
  const stated = action.asks ? await askPeople(run, node, action, action.asks) : [];
  const answer = await perform(run, node, action, 'execute', stated);
  settle(run, node, track, action, answer, false);
}

function begin(run: Run, node: Step, track: Track, action: Action): void {
  track.begun += 1;
  track.state = action.asks ? 'asking' : 'running';
  track.uses = action.uses;
  track.site = action.at;
  track.startedAt ??= now();
  track.note = '';
  if (action.outage) {
    run.serving = null;
    run.outageSince ??= Date.now();
  }
  run.journal.write({ what: 'begun', step: node.id, uses: action.uses, site: action.at, attempt: track.begun });
}

/** The step holds: what it left is kept for others, and the run may have passed the point of no return. */
export function settle(run: Run, node: Step, track: Track, action: Action, answer: StepAnswer, byHand: boolean): void {
  track.state = 'done';
  track.endedAt = now();
  track.note = answer.evidence.at(-1) ?? '';
  track.outputs = answer.outputs as Track['outputs'];
  track.proofs = answer.proofs ?? [];
  if (action.commits) run.committed = true;
  if (action.promotes) {
    run.promoted = true;
    run.serving = run.pinned.target.site;
    run.journal.write({ what: 'serving', site: run.serving, note: `${node.id} is done` });
  }
  run.journal.write({
    what: 'done',
    step: node.id,
    uses: action.uses,
    attempt: track.begun,
    byHand,
    outputs: answer.outputs,
    proofs: track.proofs,
    evidence: answer.evidence,
  });
}

/** One phase of a step on the queue of its site. Survives workers that die or freeze with it. */
export async function perform(run: Run, node: Step, action: Action, name: 'execute' | 'verify' | 'undo', stated: readonly Stated[]): Promise<StepAnswer> {
  let handover = 0;
  for (;;) {
    try {
      const act = phase(`${action.uses}.${name}`, {
        taskQueue: siteQueue(action.at),
        activityId: run.activityId(name === 'execute' ? node.id : `${node.id}.${name}`),
        startToCloseTimeout: action.timeout,
        scheduleToStartTimeout: pickUp,
        heartbeatTimeout: heartbeat,
        retry: { maximumAttempts: action.retry.times + 1, initialInterval: Math.max(1, action.retry.wait), backoffCoefficient: 1.5, maximumInterval: '30 seconds' },
        summary: short(`${node.id}: ${action.uses}${name === 'execute' ? '' : ` (${name})`}`),
      });
      return await act(fits(callOf(run, node, action, stated), `what ${node.id} would be given`));
    } catch (error) {
      const lost = workerLost(error);
      if (lost === 'vanished') handover += 1;
      if (lost === null || handover > handovers || CancellationScope.current().consideredCancelled) throw error;
      if (lost === 'not picked up' && (await control(`who works at ${action.at}?`)['run.pollers']({ queue: siteQueue(action.at) })) === 0) {
        throw ApplicationFailure.nonRetryable(`no worker at ${action.at}: start one there, or choose another way`, 'no-worker');
      }
      run.track(node.id).note = lost === 'vanished' ? `its worker at ${action.at} vanished; handed over` : `${action.at} is behind; queued again`;
      announce(run);
      // Gives a worker that was just restarted the time to ask for work.
      if (lost === 'vanished') await sleep('50 milliseconds');
    }
  }
}

export function callOf(run: Run, node: Step, action: Action, stated: readonly Stated[]): StepCall {
  const plan = run.pinned;
  const proofs = proofsFor(run, node);
  return {
    run: { origin: run.origin, mode: run.mode ?? 'planned', live: true, startedAt: run.startedAt },
    step: { id: node.id, attempt: run.track(node.id).begun, variant: 0 },
    with: resolve(action.with, lookup(run)) as { readonly [field: string]: Json },
    system: plan.system,
    source: plan.source,
    target: plan.target,
    hosts: { ...hostsOf(run, proofs), ...action.hosts },
    proofs,
    stated,
    seen: run.seen,
    notify: plan.notify,
    epoch: run.epoch,
    ui: plan.ui ?? null,
  };
}

/** The system's members, and the hosts that proofs speak of: those that a step may have to look at beside its own. */
function hostsOf(run: Run, proofs: StepCall['proofs']): StepCall['hosts'] {
  const { system, hosts } = run.pinned;
  const names = [...Object.values(system.postgres?.members ?? {}), ...proofs.map(({ host }) => host)];
  return Object.fromEntries(names.flatMap((name) => (hosts[name] ? [[name, hosts[name]]] : [])));
}

function proofsFor(run: Run, node: Step): StepCall['proofs'] {
  return node.proofs.flatMap((id) => {
    const track = run.track(id);
    return isStep(track.node) && track.state === 'done' ? track.proofs : [];
  });
}

/** A step that people carry out or witness: they say so before the world is read. */
async function askPeople(run: Run, node: Step, action: Action, asks: NonNullable<Action['asks']>): Promise<readonly Stated[]> {
  const title = String(resolve(asks.question, lookup(run)));
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
