import { types } from '../activities/index.ts';
import { lint } from '../plan/lint.ts';
import { loadFolder } from '../plan/load.ts';
import { printProblem, type Problem } from '../plan/problem.ts';
import { exit } from './exit.ts';
import { paint, plain, say, sayJson } from './print.ts';

/** What `worker/preflight.ts` tells of one runbook's preflights. */
interface Live {
  readonly runbook: string;
  readonly ok: boolean;
  /** One sentence an item. */
  readonly lines: readonly string[];
}

/** Prints every problem and warning of a runbooks folder. Returns 0 where nothing is refused, else 1. */
export async function check(folder: string, options: { live: boolean; json: boolean }): Promise<number> {
  const { inventory, runbooks, problems: broken } = await loadFolder(folder);
  const found = inventory === undefined ? [] : runbooks.map((runbook) => lint({ runbook, runbooks, inventory, types }));
  const problems = [...broken, ...found.flatMap((one) => one.problems)];
  const warnings = found.flatMap((one) => one.warnings);
  const nothing = problems.length === 0 && runbooks.length === 0;
  const live = options.live && problems.length === 0 && !nothing ? await preflights(folder) : [];
  const ok = problems.length === 0 && !nothing && live.every((one) => one.ok);
  if (options.json) sayJson({ ok, folder, runbooks: runbooks.map((runbook) => runbook.data.runbook), problems, warnings, live });
  else {
    problems.forEach((problem) => say(`${paint('red', 'refused')}  ${shown(problem)}`));
    warnings.forEach((warning) => say(`${paint('yellow', 'warning')}  ${shown(warning)}`));
    for (const one of live) {
      say(`${one.ok ? paint('green', 'ready') : paint('red', 'not ready')}  ${one.runbook}`);
      one.lines.forEach((line) => say(`  ${plain(line)}`));
    }
    if (nothing) say(`There is no runbook in ${folder}, so nothing was checked.`);
    else say(summary(runbooks.length, problems.length, warnings.length, options.live && problems.length > 0));
  }
  return ok ? exit.done : exit.otherwise;
}

const shown = (problem: Problem): string => plain(printProblem(problem));

function summary(runbooks: number, problems: number, warnings: number, notLive: boolean): string {
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  return `${count(runbooks, 'runbook')} read: ${count(problems, 'problem')}, ${count(warnings, 'warning')}.${notLive ? ' No preflight ran: mend the problems first.' : ''}`;
}

async function preflights(folder: string): Promise<readonly Live[]> {
  const { preflightFolder } = await import('../worker/preflight.ts');
  return await preflightFolder(folder);
}
