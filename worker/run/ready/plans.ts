import { printProblem, PlanError } from '../../../plan/problem.ts';
import type { RunbookFile } from '../../../plan/load.ts';
import type { Look, Way } from '../../../workflows/wire.ts';
import type { Loaded } from '../folder.ts';
import { missing, plannedIn, wholeOf, type Planned } from './planned.ts';

export interface Plans {
  /** Steps of every runbook of the system, in every direction. */
  readonly planned: readonly Planned[];
  /** One for each runbook: whether a plan can be made of it. */
  readonly looks: readonly Look[];
}

/** What every runbook of a system would do, whichever site serves. */
export function plansOf(folder: Loaded, system: string, ways: readonly Way[]): Plans {
  const all = folder.runbooks.filter(({ data }) => data.system === system).map((runbook) => plansOfOne(folder, runbook, ways));
  return { planned: all.flatMap(({ planned }) => planned), looks: all.flatMap(({ looks }) => looks) };
}

function plansOfOne(folder: Loaded, runbook: RunbookFile, ways: readonly Way[]): Plans {
  const subject = `runbook ${runbook.data.runbook}`;
  const unknown = missing(runbook);
  if (unknown.length > 0) {
    const text = `What ${runbook.data.runbook} needs is not looked at: give ${unknown.join(', ')} under its "rehearsal: parameters:", or a default.`;
    return { planned: [], looks: [{ subject, answered: true, seen: [], problems: [{ code: 'no-parameters', weight: 'should', text }] }] };
  }
  try {
    const planned = ways.flatMap((way) => {
      const whole = wholeOf(runbook, way, { ...folder, directions: new Map([[runbook.data.system, way]]) });
      return whole === undefined ? [] : plannedIn(whole, way.now);
    });
    return { planned, looks: [{ subject, answered: true, seen: [], problems: [] }] };
  } catch (error) {
    const text = error instanceof PlanError ? error.problems.map(printProblem).join(' ') : (error as Error).message;
    return { planned: [], looks: [{ subject, answered: true, seen: [], problems: [{ code: 'no-plan', weight: 'must', text }] }] };
  }
}
