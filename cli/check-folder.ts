import { types } from '../activities/index.ts';
import { lint } from '../plan/lint.ts';
import { loadFolder } from '../plan/load.ts';
import { printProblem, type Problem } from '../plan/problem.ts';
import { live, printLive, type Live } from './check-live.ts';
import { checked } from './check-schedules.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { paint, plain, say, sayJson } from './print.ts';
import { didYouMean } from './suggest.ts';

export interface Checking {
  /** Also whether it could be recovered now. */
  readonly live: boolean;
  readonly json: boolean;
  /** The one system that is looked at. Default: all that have runbooks. */
  readonly system?: string;
}

/** Prints every problem and warning of a runbooks folder, and where asked whether its systems are ready. Returns 0 where nothing is refused, else 1. */
export async function check(folder: string, options: Checking): Promise<number> {
  const { inventory, runbooks, schedules, problems: broken } = await loadFolder(folder);
  const systems = Object.keys(inventory?.data.systems ?? {});
  if (options.system !== undefined && inventory !== undefined && !systems.includes(options.system))
    throw usage(
      `There is no system "${plain(options.system)}" in ${folder}.${didYouMean(options.system, systems)}`,
      `There are: ${systems.join(', ')}.`,
    );
  const found = inventory === undefined ? [] : runbooks.map((runbook) => lint({ runbook, runbooks, inventory, types }));
  const timed =
    schedules === undefined || inventory === undefined ? { problems: [], warnings: [] } : checked(schedules, { inventory, runbooks });
  const problems = once([...broken, ...found.flatMap((one) => one.problems), ...timed.problems]);
  const warnings = once([...found.flatMap((one) => one.warnings), ...timed.warnings]);
  const nothing = problems.length === 0 && runbooks.length === 0;
  const wanted = options.system === undefined ? [...new Set(runbooks.map(({ data }) => data.system))] : [options.system];
  const seen: Live | null = options.live && problems.length === 0 && !nothing ? await live(folder, wanted) : null;
  const ok = problems.length === 0 && !nothing && (seen === null || seen.ok);
  if (options.json) {
    const { readiness = [], preflights = [] } = seen ?? {};
    sayJson({ ok, folder, runbooks: runbooks.map((runbook) => runbook.data.runbook), problems, warnings, readiness, live: preflights });
  } else {
    problems.forEach((problem) => say(`${paint('red', 'refused')}  ${shown(problem)}`));
    warnings.forEach((warning) => say(`${paint('yellow', 'warning')}  ${shown(warning)}`));
    if (seen !== null) printLive(seen);
    if (nothing) say(`There is no runbook in ${folder}, so nothing was checked.`);
    else say(summary(runbooks.length, problems.length, warnings.length, options.live && problems.length > 0));
  }
  return ok ? exit.done : exit.otherwise;
}

/** What is wrong with the inventory is found with each runbook of the system. */
const once = (all: readonly Problem[]): readonly Problem[] => [...new Map(all.map((one) => [printProblem(one), one])).values()];

const shown = (problem: Problem): string => plain(printProblem(problem));

function summary(runbooks: number, problems: number, warnings: number, notLive: boolean): string {
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  return `${count(runbooks, 'runbook')} read: ${count(problems, 'problem')}, ${count(warnings, 'warning')}.${notLive ? ' Nobody looked whether anything is ready: mend the problems first.' : ''}`;
}
