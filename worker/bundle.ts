import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';

const built = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
export const entry = fileURLToPath(new URL(`../workflows/index.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url));

/** The workflow code for a worker: as built with the product, else bundled now. */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  return existsSync(built) ? { codePath: built } : await bundle();
}

export const bundle = (): Promise<{ code: string }> => bundleWorkflowCode({ workflowsPath: entry, logger: quiet });

const nothing = (): void => undefined;
const quiet = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: console.warn, error: console.error };
