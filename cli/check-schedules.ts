import type { InventoryFile, RunbookFile } from '../plan/load.ts';
import { Problems, type Problem } from '../plan/problem.ts';
import { checkSchedules } from '../plan/schedules/check.ts';
import type { SchedulesFile } from '../plan/schedules/timetable.ts';

/** What is wrong with a file of schedules, and what a person should know of it, as of now. */
export function checked(
  file: SchedulesFile,
  folder: { readonly inventory: InventoryFile; readonly runbooks: readonly RunbookFile[] },
): { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] } {
  const [problems, warnings] = [new Problems(), new Problems()];
  checkSchedules(file, { ...folder, problems, warnings, now: new Date() });
  return { problems: problems.sorted(), warnings: warnings.sorted() };
}
