import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { behind, bytes } from './lsn.ts';
import { askMember, sameCluster } from './member.ts';

/** Throws unless the standby follows the primary now; returns a sentence about it. Only reads. */
export async function streaming(host: string, standby: string, context: StepContext): Promise<string> {
  const [primary, follower] = await Promise.all([
    askMember(context.host(host), context.system, context),
    askMember(context.host(standby), context.system, context),
  ]);
  sameCluster(primary, host, follower, standby);
  if (primary.recovering)
    throw new StepError('not-primary', `PostgreSQL on ${host} is a standby: there is nothing to stop there.`, 'person');
  if (!follower.recovering)
    throw new StepError(
      'not-standby',
      `PostgreSQL on ${standby} is a primary, and so is ${host}: two primaries. Nothing was stopped; find out which one is right.`,
      'person',
    );
  if (follower.receiver?.status !== 'streaming') {
    throw new StepError(
      'standby-not-streaming',
      `${standby} does not stream from ${host} (${follower.receiver?.status ?? 'no receiver, or the login lacks pg_monitor'}): stopped now, it would miss data. Nothing was stopped; repair replication first.`,
      'person',
    );
  }
  return `${standby} streams from ${host}, ${bytes(behind(follower.lsn, primary.lsn))} behind, on timeline ${follower.timeline}.`;
}
