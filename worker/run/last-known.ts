import type { Client } from '@temporalio/client';
import { systemId, type SystemState } from '../../workflows/wire.ts';

/** How long its last state may take to be read: a worker replays its history. Milliseconds. */
const patience = 2_000;

/** What the workflow of a system knew when somebody ended it. Null: it runs, the server no longer has it, or it cannot be read. */
export async function lastKnown(client: Client, system: string): Promise<SystemState | null> {
  const handle = client.workflow.getHandle(systemId(system));
  const ended = async (): Promise<SystemState | null> =>
    (await handle.describe()).status.name === 'RUNNING' ? null : handle.query<SystemState>('state');
  return client.withDeadline(Date.now() + patience, ended).catch(() => null);
}
