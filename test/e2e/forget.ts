import type { Client } from '@temporalio/client';
import { controlQueue, systemId } from '../../workflows/wire.ts';

/**
 * Has the server know nothing of a system, as after its data was lost: what its workflow knew is asked for no more once another stands in
 * its place, and that one knows nothing.
 */
export async function forget(client: Client, system: string): Promise<void> {
  await client.workflow.start('system', {
    workflowId: systemId(system),
    taskQueue: controlQueue,
    args: [system],
    workflowIdConflictPolicy: 'TERMINATE_EXISTING',
    workflowTaskTimeout: '3 seconds',
  });
}
