import { log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { readStatement, statementText } from '../../record/evidence/statement.ts';
import { systemId, type RunActivities, type SystemState } from '../../workflows/wire.ts';
import { contentOf, digestOf, type Envelope, type Key } from '../evidence/dsse.ts';
import { recordOf, type Recorded } from '../record-of.ts';
import { untilAsked } from '../run/history-until.ts';
import { endOf, keepRecord } from './keep-record.ts';
import type { RecordStore } from './store.ts';

interface Missing {
  readonly client: Client;
  readonly namespace: string;
  readonly system: string;
  readonly signer: Key | null;
  /** When to stop, milliseconds since 1970. */
  readonly until: number;
}
type Asked = Parameters<RunActivities['run.record']>[0];

/** The newest may lie here from a moment at which the system did not answer, and have got their place since. */
const looked = 5;

/**
 * Writes the records that this store lacks, because its site was away when their runs ended. Each is made again of its run's history
 * and held to the digest that the system remembers: it is the same bytes, or is not written.
 */
export async function fillGaps(store: RecordStore, { client, namespace, system, signer, until }: Missing): Promise<void> {
  const known = client.workflow.getHandle(systemId(system));
  const { links = [] } = await client.withDeadline(until, () => known.query<SystemState>('state'));
  const names = await store.list('');
  for (const [index, link] of links.toReversed().entries()) {
    const { workflowId, runId } = link;
    if (workflowId === undefined || Date.now() > until) continue;
    const name = names.find((one) => one.endsWith(`${endOf({ workflowId, runId })}.dsse.json`));
    if (name !== undefined && (index >= looked || !(await isUnchained(store, name)))) continue;
    const history = await client.withDeadline(until, () => client.workflow.getHandle(workflowId, runId).fetchHistory());
    const made = again(history, namespace);
    const statement = made && statementText(made.record, digestOf(made.html), { system, number: link.count, previous: link.previous });
    if (made && digestOf(statement!) === link.digest) await keepRecord(store, { workflowId, runId }, made, statement!, signer);
    else log.warn(`${store.where} lacks record ${link.count} of ${system}, which can no longer be made again: copy it from another store`);
  }
}

/** A record as its run asked for it; null: it did not. */
function again(history: History, namespace: string): Recorded | null {
  const scheduled = history.events
    ?.map(({ activityTaskScheduledEventAttributes: one }) => one)
    .findLast((one) => one?.activityType?.name === 'run.record');
  const payload = scheduled?.input?.payloads?.[0];
  if (!payload) return null;
  const { journal } = defaultPayloadConverter.fromPayload<Asked>(payload);
  return recordOf(untilAsked(history, scheduled?.activityId ?? ''), journal, namespace);
}

/** What claims a place is never written over: where it was changed, that is to be found. */
async function isUnchained(store: RecordStore, name: string): Promise<boolean> {
  try {
    const envelope = JSON.parse((await store.read(name)) ?? '') as Envelope;
    return readStatement(contentOf(envelope).toString())?.place.number === null;
  } catch {
    return false;
  }
}
