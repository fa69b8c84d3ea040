import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { StepError } from '../../activities/error.ts';
import { deliver } from '../../activities/notify/deliver.ts';
import { siteFacts } from '../../plan/facts.ts';
import { headLine } from '../../record/evidence/head.ts';
import type { RunActivities, Summary } from '../../workflows/wire.ts';
import { systemId } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { awsSites, cloudOf } from '../cloud.ts';
import { runLink } from '../link.ts';
import { secret } from '../secret.ts';
import type { Site } from '../site.ts';
import { load } from './folder.ts';

/** Messages that a worker sends at once: one that hangs must not hold what a recovery's own activities need. */
const most = 8;
let underWay = 0;

/** `run.tell`: tells the one recipient under `notify`. Returns what the receiver answered. */
export const tell =
  (site: Site): RunActivities['run.tell'] =>
  ({ notify, link: run, runId, commands = [], system, event, key, title, text }) =>
    attempt(async ({ signal }) => {
      const [name, recipient] = Object.entries(notify)[0]!;
      if (underWay >= most) throw new StepError('telling-others', `${most} others are told just now.`, 'later', 1_000);
      underWay += 1;
      try {
        const { client, info } = Context.current();
        // Where the inventory was broken since, people are told all the same.
        const inventory = (await load(site.runbooks).catch(() => null))?.inventory.data;
        const ui = process.env['LIFEBOAT_UI'] || inventory?.temporal?.ui;
        const cloud = {
          ...cloudOf(inventory === undefined ? {} : awsSites(siteFacts(inventory)), info.workflowExecution!.workflowId),
          signal,
        };
        const link = ui === undefined ? null : runLink(ui, site.namespace, run, runId ?? '').replace(/\/$/u, '');
        const message = { event, system, key, title, text, commands, run, link, head: await headOf(client, system) };
        return await deliver(name, recipient, message, { secret: (reference) => secret(reference, cloud), signal });
      } catch (error) {
        throw patiently(error);
      } finally {
        underWay -= 1;
      }
    });

/** A login or a certificate is mended within the hours for which it is tried; only what can never be told is given up. */
function patiently(error: unknown): unknown {
  return error instanceof StepError && error.remedy === 'person' ? new StepError(error.code, error.message) : error;
}

/** Sent out with everything, it shows later whether records were taken away. */
async function headOf(client: Client, system: string): Promise<string | null> {
  try {
    const { memo } = await client.withDeadline(Date.now() + 2_000, () => client.workflow.getHandle(systemId(system)).describe());
    const head = (memo?.['summary'] as Summary | undefined)?.head;
    return head ? headLine(system, head) : null;
  } catch {
    return null;
  }
}
