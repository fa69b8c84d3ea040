import { activityInfo, Context, log } from '@temporalio/activity';
import type { Caller } from '../../activities/aws/client.ts';
import type { PlanHeader } from '../../plan/plan.ts';
import type { RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { awsSites, cloudOf } from '../cloud.ts';
import { signingKey, type Key } from '../evidence/dsse.ts';
import { recordOf } from '../record-of.ts';
import { secret } from '../secret.ts';
import type { Site } from '../site.ts';
import { renewChecklists } from '../stores/checklists.ts';
import { fillGaps } from '../stores/fill-gaps.ts';
import { keepRecord } from '../stores/keep-record.ts';
import { openStore } from '../stores/open.ts';
import { untilAsked } from './history-until.ts';
import { placed } from './place-record.ts';

/** Kept of the activity's time, so that what else is to be done in the store never costs the answer; milliseconds. */
const reserve = 1_500;
/** Runs of these kinds have time to renew the checklists; on the worst day nobody waits for a page. */
const quiet = ['backup', 'rehearsal', 'readiness'];

/**
 * `run.record`: writes record, report and signed statement into this site's record store; returns where the report is. Made of what
 * was known when it was asked for, so that they are the same bytes at every site and attempt; written again, they are replaced whole.
 */
export const record =
  (site: Site): RunActivities['run.record'] =>
  ({ plan, journal, folder }) =>
    attempt(async ({ signal }) => {
      const { client } = Context.current();
      const { activityId, workflowExecution, workflowType, startToCloseTimeoutMs, scheduleToCloseTimeoutMs } = activityInfo();
      const until = Date.now() + Math.min(startToCloseTimeoutMs, scheduleToCloseTimeoutMs) - reserve;
      const run = workflowExecution!;
      const caller: Caller = { ...cloudOf(awsSites(plan?.sites ?? {}), run.workflowId), signal };
      const store = openStore(folder, caller);
      const history = untilAsked(await client.workflow.getHandle(run.workflowId, run.runId).fetchHistory(), activityId);
      const made = recordOf(history, journal, site.namespace);
      const signer = await keyOf(plan, caller);
      const statement = await placed(client, made, run, signer);
      const path = await keepRecord(store, run, made, statement, signer);
      const { system } = made.record;
      await fillGaps(store, { client, namespace: site.namespace, system, signer, until }).catch(untold('what the store lacks'));
      if (quiet.includes(workflowType ?? '')) await renewChecklists(store, site, system, until).catch(untold('its checklists'));
      return path;
    });

/** Null: no key is named, or it cannot be had here. A record that is not signed is better than none, and says so. */
async function keyOf(plan: PlanHeader | null, caller: Caller): Promise<Key | null> {
  if (plan?.evidence === undefined) return null;
  return secret(plan.evidence.key, caller).then(signingKey, () => null);
}

/** The record is written: what else is to be done there fails no run. */
const untold =
  (what: string) =>
  (error: unknown): void =>
    log.warn(`${what}: ${error instanceof Error ? error.message : String(error)}`);
