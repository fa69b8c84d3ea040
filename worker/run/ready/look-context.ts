import { StepError } from '../../../activities/error.ts';
import type { StepContext } from '../../../activities/step.ts';
import { awsSites, cloudOf } from '../../cloud.ts';
import { secret } from '../../secret.ts';
import type { Planned } from './planned.ts';

/** What is looked at: as much of a plan as a preflight may ask for. */
export interface Looked {
  readonly plan: Pick<Planned['plan'], 'hosts' | 'sites' | 'ui' | 'system' | 'source' | 'target' | 'notify'>;
  readonly node: Pick<Planned['node'], 'id'>;
  readonly action: Pick<Planned['action'], 'at' | 'hosts'>;
  readonly before: Planned['before'];
}

/** What is asked of the system's workflow where it can be, and who asks. */
export interface Looking extends Pick<StepContext, 'backups' | 'fences' | 'signal'> {
  /** Of this look: what one of its steps asks, another does not ask again. */
  readonly id: string;
}

/** The context of a preflight outside a run: nothing can be changed in it. */
export function lookContext({ plan, node, action, before }: Looked, { id, signal, backups, fences }: Looking): StepContext {
  const hosts = { ...plan.hosts, ...action.hosts };
  const cloud = { ...cloudOf(awsSites(plan.sites), 'preflight'), signal };
  return {
    run: {
      workflowId: 'preflight',
      runId: id,
      link: plan.ui ?? '',
      mode: 'planned',
      live: true,
      startedAt: new Date().toISOString(),
    },
    step: { id: node.id, attempt: 1 },
    key: 'preflight',
    viewpoint: action.at,
    system: plan.system,
    source: plan.source,
    target: plan.target,
    host: (name) => hosts[name] ?? refuse(),
    aws: (name) => plan.sites[name]?.aws ?? refuse(),
    earlier: before,
    proofs: [],
    stated: [],
    seen: {},
    resume: undefined,
    notify: plan.notify,
    backups,
    fences,
    exports: refuse,
    signal,
    heartbeat: () => undefined,
    sleep: refuse,
    secret: (reference) => secret(reference, cloud),
    stillOurs: refuse,
    reread: refuse,
  };
}

function refuse(): never {
  throw new StepError('preflight-only', 'a preflight changes nothing', 'mistake');
}
