import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a run leaves files for people, at the site that carries the step out: in the record store there, else in the temporary folder. */
export async function exportsFolder(records: string | null, workflowId: string, runId: string): Promise<string> {
  const folder = join(records ?? join(tmpdir(), 'lifeboat'), 'exports', `${workflowId}-${runId}`.replaceAll(/[^\w.-]/gu, '_'));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
