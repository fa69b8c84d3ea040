import { ApplicationFailure, CancellationScope, sleep } from '@temporalio/workflow';
import type { Action, Json, Step } from '../plan/plan.ts';
import type { Stated } from '../activities/step.ts';
import type { StepAnswer, StepCall } from './wire.ts';
import { siteQueue } from './wire.ts';
import { control, phase, short, workerLost } from './activities.ts';
import { announce } from './announce.ts';
import { fits } from './fit.ts';
import { lookup } from './lookup.ts';
import { resolve } from './resolve.ts';
import { isStep, type Run } from './run.ts';
import { tellMade } from './start-sweep.ts';

/** A frozen or killed worker is noticed this soon; also bounds what a run that no longer runs can still do. */
const heartbeat = '3 seconds';
/** A step that nobody picks up for this long is looked into. */
const pickUp = '5 seconds';
/** A step is handed to another worker this often before people are asked. */
const handovers = 10;

/** One phase of a step on the queue of its site. Survives workers that die or freeze with it. */
export async function perform(
  run: Run,
  node: Step,
  action: Action,
  name: 'execute' | 'verify' | 'undo',
  stated: readonly Stated[],
): Promise<StepAnswer> {
  let handover = 0;
  if (name === 'execute' && action.sweep) await tellMade(run, action, callOf(run, node, action, stated));
  for (;;) {
    try {
      const act = phase(`${action.uses}.${name === 'execute' && !run.live ? 'rehearse' : name}`, {
        taskQueue: siteQueue(action.at),
        activityId: run.activityId(name === 'execute' ? node.id : `${node.id}.${name}`),
        startToCloseTimeout: action.timeout,
        scheduleToStartTimeout: pickUp,
        heartbeatTimeout: heartbeat,
        retry: {
          maximumAttempts: action.retry.times + 1,
          initialInterval: Math.max(1, action.retry.wait),
          backoffCoefficient: 1.5,
          maximumInterval: '30 seconds',
        },
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
      run.track(node.id).note =
        lost === 'vanished' ? `its worker at ${action.at} vanished; handed over` : `${action.at} is behind; queued again`;
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
    run: { origin: run.origin, mode: run.mode ?? 'planned', live: run.live, startedAt: run.startedAt },
    step: { id: node.id, attempt: run.tracks.get(node.id)?.begun ?? 0, variant: 0 },
    with: resolve(action.with, lookup(run)) as { readonly [field: string]: Json },
    system: plan.system,
    source: plan.source,
    target: plan.target,
    hosts: { ...hostsOf(run, proofs), ...action.hosts },
    ...awsOf(run),
    proofs,
    stated,
    seen: run.seen,
    notify: plan.notify,
    ...replacedBy(run),
    epoch: run.epoch,
    ui: plan.ui ?? null,
    records: plan.sites[action.at]?.records ?? null,
  };
}

/** Fences that stood when the run began and do so no longer: lifted, or made anew. */
function replacedBy(run: Run): Pick<StepCall, 'replaced'> {
  const anew = [...run.tracks.values()].flatMap(({ proofs }) =>
    proofs.filter(({ kind, by, host }) => kind === 'fence' && by !== 'fence.pending' && run.fenced.has(host)),
  );
  const names = [...run.lifted, ...anew.map(({ host }) => host)];
  return names.length > 0 ? { replaced: names } : {};
}

/** The system's members, those that a rehearsal has copies of, and the hosts that proofs speak of: what a step may have to look at beside its own. */
function hostsOf(run: Run, proofs: StepCall['proofs']): StepCall['hosts'] {
  const { system, hosts } = run.pinned;
  const pairs = [system.postgres, system.copies?.postgres?.original];
  const names = [...pairs.flatMap((pair) => Object.values(pair?.members ?? {})), ...proofs.map(({ host }) => host)];
  return Object.fromEntries(names.flatMap((name) => (hosts[name] ? [[name, hosts[name]]] : [])));
}

/** The AWS sites of the plan, where it has any. */
export function awsOf(run: Run): Pick<StepCall, 'aws'> {
  const sites = Object.entries(run.pinned.sites).flatMap(([site, { aws }]) => (aws ? [[site, aws] as const] : []));
  return sites.length > 0 ? { aws: Object.fromEntries(sites) } : {};
}

function proofsFor(run: Run, node: Step): StepCall['proofs'] {
  return node.proofs.flatMap((id) => {
    const track = run.track(id);
    return isStep(track.node) && track.state === 'done' ? track.proofs : [];
  });
}
