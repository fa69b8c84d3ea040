import { readFile } from 'node:fs/promises';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { connect, explain } from './connect.ts';
import { usage } from './failure.ts';
import { findRun } from './find-run.ts';

/** The history of a run, from the server. */
export async function fromServer(identity: string, runbooks: string, name: string | undefined): Promise<History> {
  const temporal = await connect(identity, runbooks);
  try {
    const run = await findRun(temporal, name);
    return await temporal
      .within(60_000, () => temporal.client.workflow.getHandle(run.workflowId, run.runId).fetchHistory())
      .catch((error: unknown) => {
        throw explain(error, `reading the history of ${run.workflowId}`, temporal.address);
      });
  } finally {
    await temporal.close();
  }
}

/** A history that was exported to a file. */
export async function fromFile(file: string): Promise<History> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usage(
      `The history ${file} cannot be read (${error.code ?? error.message}).`,
      'Export one: temporal workflow show -w RUN -o json > FILE',
    );
  });
  const { historyFromJSON } = await import('@temporalio/common/lib/proto-utils.js');
  try {
    const history = historyFromJSON(JSON.parse(text));
    if (!history.events?.length) throw new Error('it has no events');
    return history;
  } catch (error) {
    throw usage(`${file} is no history: ${(error as Error).message}.`, 'Export one: temporal workflow show -w RUN -o json > FILE');
  }
}
