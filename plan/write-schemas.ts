import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepType } from '../activities/step.ts';
import { schemaFiles } from './schema.ts';

/** Writes the JSON schemas into a folder, such as `docs/schemas`. Returns the files. */
export async function writeSchemas(folder: string, types: readonly StepType[] = []): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files = Object.entries(schemaFiles(types)).map(([name, text]) => [join(folder, name), text] as const);
  for (const [file, text] of files) await writeFile(file, text);
  return files.map(([file]) => file);
}
