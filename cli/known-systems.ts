import { stat } from 'node:fs/promises';
import type { Summary } from '../workflows/wire.ts';
import { explain, type Temporal } from './connect.ts';

/** Names of all systems that Temporal knows, each with what its memo says: every run makes its own known. */
export async function knownSystems({ client, address }: Temporal): Promise<ReadonlyMap<string, Summary | null>> {
  const systems = new Map<string, Summary | null>();
  try {
    for await (const { workflowId, memo } of client.workflow.list({ query: `WorkflowType = 'system' and ExecutionStatus = 'Running'` }))
      systems.set(workflowId.replace(/^system-/u, ''), (memo?.['summary'] as Summary | undefined) ?? null);
  } catch (error) {
    throw explain(error, 'listing systems', address);
  }
  return systems;
}

/** Names of the systems of a local runbooks folder; none where there is none, or it cannot be read. */
export async function writtenSystems(path: string): Promise<readonly string[]> {
  if (!(await stat(path).catch(() => undefined))?.isDirectory()) return [];
  const { inventory } = await (await import('../plan/load.ts')).loadFolder(path);
  return Object.keys(inventory?.data.systems ?? {});
}
