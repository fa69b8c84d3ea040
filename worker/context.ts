import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { StepError } from '../activities/error.ts';
import type { Proof, StepContext, StepType } from '../activities/step.ts';
import type { StepCall } from '../workflows/wire.ts';
import { runLink } from './link.ts';
import { backupsOf, fencesOf, stillOurs } from './ours.ts';
import { exportsFolder } from './exports.ts';
import { secret } from './secret.ts';
import type { Site } from './site.ts';

/** What a step type may ask of its surroundings, inside a Temporal activity. */
export function contextOf(site: Site, call: StepCall, signal: AbortSignal, beat: (details: unknown) => void): StepContext {
  const activity = Context.current();
  const { workflowId, runId } = activity.info.workflowExecution!;
  const context: StepContext = {
    run: {
      workflowId,
      runId,
      link: runLink(call.ui, site.namespace, workflowId, runId),
      mode: call.run.mode,
      live: call.run.live,
      startedAt: call.run.startedAt,
    },
    step: { id: call.step.id, attempt: call.step.attempt },
    key: keyOf(call),
    viewpoint: site.site,
    system: call.system,
    source: call.source,
    target: call.target,
    host: (name) => {
      const host = call.hosts[name];
      if (!host) throw new StepError('unknown-host', `the plan holds no facts of host ${name} for step ${call.step.id}`, 'mistake');
      return host;
    },
    aws: (name) => {
      const aws = call.aws && Object.hasOwn(call.aws, name) ? call.aws[name] : undefined;
      if (!aws) throw new StepError('unknown-site', `the plan has no AWS site ${name} for step ${call.step.id}`, 'mistake');
      return aws;
    },
    earlier: call.earlier ?? { promoted: [], changed: [] },
    proofs: call.proofs,
    stated: call.stated,
    seen: call.seen,
    resume: activity.info.heartbeatDetails as unknown,
    notify: call.notify,
    backups: () => backupsOf(activity.client, call.system.name),
    fences: async () => (await fencesOf(activity.client, call.system.name)).filter(({ host }) => !call.replaced?.includes(host)),
    exports: () => exportsFolder(call.records, workflowId, runId),
    signal,
    heartbeat: beat,
    sleep: (milliseconds) => sleep(milliseconds, undefined, { signal }),
    secret: (reference) => secret(reference, context),
    stillOurs: () => stillOurs(activity.client, call.system.name, call.epoch),
    reread: (proof) => reread(site.types, proof, context),
  };
  return context;
}

/** Made of the first run and the step, so that a later attempt, another worker and a reset run find what an earlier one made. */
function keyOf({ run, step }: StepCall): string {
  return createHash('sha256')
    .update(JSON.stringify([run.origin, step.id, step.variant]))
    .digest('hex')
    .slice(0, 40);
}

async function reread(types: readonly StepType[], proof: Proof, context: StepContext): Promise<Proof> {
  const type = types.find(({ name }) => name === proof.by);
  if (!type) throw new StepError('unknown-type', `this worker has no step type ${proof.by}, which made the proof`, 'mistake');
  const { proofs } = await type.verify(proof.with, context);
  const again = proofs?.find(({ kind, host }) => kind === proof.kind && host === proof.host);
  if (!again) throw new StepError('proof-gone', `${proof.by} no longer proves that ${proof.host} cannot write`, 'person');
  return again;
}
