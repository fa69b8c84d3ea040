import { WorkflowFailedError } from '@temporalio/client';
import { controlQueue, type SweepInput, type SweepResult } from '../workflows/wire.ts';
import { explain, type Temporal } from './connect.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { knownSystems, writtenSystems } from './known-systems.ts';
import { plain } from './print.ts';
import { didYouMean } from './suggest.ts';

/** How long the sweep of one system may take before it is no more waited for, milliseconds. */
const patience = 10 * 60_000;

export interface SweptSystem extends SweepResult {
  readonly system: string;
}

/** Sweeps these systems, or all where none is named, side by side. `look`: nothing is taken away. */
export async function sweepSystems(
  temporal: Temporal,
  names: readonly string[],
  runbooks: string,
  look: boolean,
): Promise<readonly SweptSystem[]> {
  const [known, written] = await Promise.all([knownSystems(temporal), writtenSystems(runbooks)]);
  const all = [...new Set([...known.keys(), ...written])].toSorted();
  const stranger = names.find((name) => all.length > 0 && !all.includes(name));
  if (stranger !== undefined)
    throw usage(`There is no system ${plain(stranger)}.${didYouMean(stranger, all)}`, 'lifeboat status lists those that Temporal knows.');
  const systems = names.length > 0 ? names : all;
  if (systems.length === 0) throw new Failure(exit.refused, 'Neither Temporal nor the runbooks folder knows a system.');
  return Promise.all(systems.map((system) => one(temporal, { system, ...(look ? { look } : {}) })));
}

async function one({ client, address, within }: Temporal, input: SweepInput): Promise<SweptSystem> {
  const { system } = input;
  try {
    const handle = await within(5_000, () =>
      client.workflow.start<(input: SweepInput) => Promise<SweepResult>>('sweep', {
        workflowId: `sweep-${system}${input.look ? '-look' : ''}`,
        taskQueue: controlQueue,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowTaskTimeout: '3 seconds',
        workflowExecutionTimeout: patience,
        staticSummary: `takes away what rehearsals of ${system} left`,
      }),
    );
    return { system, ...(await within(patience, () => handle.result())) };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw explain(error, `sweeping ${system}`, address);
    return { system, removed: [], gone: 0, left: [], others: [], problems: [error.cause?.message ?? error.message] };
  }
}
