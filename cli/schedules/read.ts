import { loadFolder } from '../../plan/load.ts';
import { printProblem } from '../../plan/problem.ts';
import { timetable, type Entry } from '../../plan/schedules/timetable.ts';
import { checked } from '../check-schedules.ts';
import { exit } from '../exit.ts';
import { Failure, usage } from '../failure.ts';
import { note, paint, plain } from '../print.ts';

/** What the file says: whose schedules, and each of them. */
export interface Table {
  readonly owner: string;
  readonly entries: readonly Entry[];
  /** Systems of the inventory beside it. */
  readonly systems: readonly string[];
}

/** Reads schedules.yaml of a runbooks folder. Throws a failure with every problem; prints what a person should know of. */
export async function readTable(folder: string): Promise<Table> {
  const { inventory, runbooks, schedules, problems: broken } = await loadFolder(folder);
  if (broken.length === 0 && schedules === undefined)
    throw usage(`There is no schedules.yaml in ${folder}.`, 'Write one; docs/schedules.md shows how.');
  const { problems, warnings } =
    schedules === undefined || inventory === undefined ? { problems: [], warnings: [] } : checked(schedules, { inventory, runbooks });
  const all = [...broken, ...problems];
  if (all.length > 0 || schedules === undefined || inventory === undefined)
    throw new Failure(
      exit.otherwise,
      `The files of ${folder} have problems:\n${all.map(printProblem).join('\n')}`,
      'Mend them; nothing was changed.',
    );
  for (const warning of warnings) note(`${paint('yellow', 'warning', process.stderr)}  ${plain(printProblem(warning))}`);
  return { owner: schedules.data.owner, entries: timetable(schedules, runbooks), systems: Object.keys(inventory.data.systems) };
}

/** The same for what only looks: where the files cannot be read, that is said, and what Temporal has is shown all the same. */
export async function tableOrNone(folder: string): Promise<Table | undefined> {
  try {
    return await readTable(folder);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    note(`${paint('yellow', 'warning', process.stderr)}  Only what Temporal has is shown. ${error.message}`);
    return undefined;
  }
}
