import { StepError } from '../../error.ts';
import type { StepContext } from '../../step.ts';
import type { Cluster } from './cluster.ts';
import { must } from './files.ts';
import { restorePatience } from './given.ts';
import { recovered } from './recovered.ts';
import type { Repository } from './repository.ts';
import { keepState, restoreInto, stateOf } from './restore-into.ts';
import { asking, start, stop } from './server.ts';
import { findSource } from './source.ts';
import { pgTime } from './target.ts';

/**
 * A restored copy that can be looked at as it was at one time after another. It is held there, still recovering, and read only;
 * a later time is reached by replaying on, an earlier one by restoring again.
 */
export function travel(cluster: Cluster, repository: Repository, site: string | undefined, context: StepContext) {
  let now: string | undefined;
  return async (when: string, question: string): Promise<boolean> => {
    if (now === undefined || when < now) await begin(when);
    else if (when > now) await onward(when);
    now = when;
    await recovered(cluster, 'paused', context);
    const rows = await asking(cluster, context)<Record<string, unknown>>(question, [], 30 * 60_000);
    const [answer, ...more] = Object.values(rows[0] ?? {});
    if (rows.length === 1 && more.length === 0 && typeof answer === 'boolean') return answer;
    throw new StepError(
      'no-boolean',
      `"${question.slice(0, 100)}" answers with ${JSON.stringify(rows).slice(0, 100)}, not with one boolean.`,
      'mistake',
    );
  };

  async function begin(when: string): Promise<void> {
    const kept = await stateOf(cluster, context);
    // Also what an earlier attempt left stands at a time that is not known.
    if (kept?.key === context.key) await keepState(cluster, { ...kept, job: kept.job + 1, begun: false }, context);
    const wanted = { host: cluster.host.name, site, to: when, directory: cluster.directory };
    const { backup, target } = await findSource(wanted, context, repository);
    await restoreInto(cluster, { repository, backup, target, then: 'pause' }, restorePatience, context);
  }

  async function onward(when: string): Promise<void> {
    await stop(cluster, 'fast', context);
    const file = `${cluster.directory}/postgresql.auto.conf`;
    await must(
      cluster,
      'set the target',
      ['dd', `of=${file}`, 'oflag=append', 'conv=notrunc', 'status=none'],
      context,
      `recovery_target_time = '${pgTime(when)}'\n`,
    );
    await start(cluster, context);
  }
}
