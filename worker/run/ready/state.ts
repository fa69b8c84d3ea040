import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { systemId, type SystemState } from '../../../workflows/wire.ts';

/** What the system's workflow knows; null where it was never started. Throws where it does not answer. */
export async function stateOf(client: Client, system: string): Promise<SystemState | null> {
  try {
    return await client.withDeadline(Date.now() + 5_000, () => client.workflow.getHandle(systemId(system)).query<SystemState>('state'));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
