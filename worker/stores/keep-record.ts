import { recordType } from '../../record/evidence/statement.ts';
import { seal, type Key } from '../evidence/dsse.ts';
import type { Recorded } from '../record-of.ts';
import type { RecordStore } from './store.ts';

export interface RunName {
  readonly workflowId: string;
  readonly runId: string;
}

/** Writes record, report and statement of a run. The statement comes last: where it is, the others are. Returns where the report is. */
export async function keepRecord(
  store: RecordStore,
  run: RunName,
  { record, html }: Recorded,
  statement: string,
  signer: Key | null,
): Promise<string> {
  const base = `${record.startedAt.slice(0, 19).replaceAll(':', '')}${endOf(run)}`;
  await store.write(`${base}.json`, `${JSON.stringify(record, null, 2)}\n`);
  const path = await store.write(`${base}.html`, html);
  await store.write(`${base}.dsse.json`, `${JSON.stringify(seal(recordType, statement, signer), null, 2)}\n`);
  return path;
}

/** How the names of a run's files end, but for what they are. Run ids begin with the time: those of one minute look alike but for their end. */
export const endOf = ({ workflowId, runId }: RunName): string => `-${workflowId.replaceAll(/[^\w.-]/gu, '_')}-${runId.slice(-8)}`;
