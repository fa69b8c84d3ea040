import { chooseRunbook, ChoiceError } from '../plan/choose.ts';
import { loadFolder, type InventoryFile, type RunbookFile } from '../plan/load.ts';
import { printProblem } from '../plan/problem.ts';
import { text } from './arguments.ts';
import type { Arguments } from './command.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { plain } from './print.ts';
import { didYouMean } from './suggest.ts';

/** The runbook of that name, or of the system of that name: its failover, or its only one. Throws where the folder has problems that stand in the way. */
export async function wantedRunbook(
  args: Arguments,
  wanted: { folder: string; name: string },
): Promise<{ runbook: RunbookFile; inventory: InventoryFile; runbooks: readonly RunbookFile[] }> {
  const { inventory, runbooks, problems } = await loadFolder(wanted.folder);
  const broken = problems.map(printProblem).join('\n');
  if (inventory === undefined)
    throw new Failure(
      exit.otherwise,
      `The inventory in ${wanted.folder} cannot be used.\n${broken}`,
      'Mend it, or name another folder with --runbooks.',
    );
  const named = runbooks.find((runbook) => runbook.data.runbook === wanted.name);
  if (named) return { runbook: named, inventory, runbooks };
  const mine = runbooks.filter((runbook) => runbook.data.system === wanted.name);
  const [one] = mine;
  if (one === undefined) {
    const names = [...runbooks.map((runbook) => runbook.data.runbook), ...Object.keys(inventory.data.systems)];
    const fix =
      broken === ''
        ? `Runbooks and systems: ${[...new Set(names)].join(', ') || 'none'}.`
        : `Some files of the folder cannot be read:\n${broken}`;
    throw usage(
      `No runbook of ${wanted.folder} has the name "${plain(wanted.name)}", and none is for a system of that name.${didYouMean(wanted.name, names)}`,
      fix,
    );
  }
  const name = text(args, 'runbook');
  const kind = mine.find((runbook) => runbook.data.runbook === name)?.data.kind ?? (mine.length === 1 ? one.data.kind : 'failover');
  try {
    return {
      runbook: chooseRunbook({ runbooks, system: wanted.name, kind, ...(name === undefined ? {} : { name }) }),
      inventory,
      runbooks,
    };
  } catch (error) {
    if (error instanceof ChoiceError) throw usage(error.message, 'Name it with --runbook NAME.');
    throw error;
  }
}
