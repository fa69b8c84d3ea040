import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Where a run leaves files for people, at the site that carries the step out: in the record store there where that is a folder, else
 * in the temporary folder.
 */
export async function exportsFolder(records: string | null, workflowId: string, runId: string): Promise<string> {
  const base = records === null || records.startsWith('s3:') ? join(tmpdir(), 'lifeboat') : records;
  const folder = join(base, 'exports', `${workflowId}-${runId}`.replaceAll(/[^\w.-]/gu, '_'));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
