import type { Coming } from '../record/dashboard/sections.ts';
import type { Overview } from '../record/dashboard/dashboard.ts';
import { readFindings } from './known-findings.ts';
import { knownSystems, writtenSystems } from './known-systems.ts';
import type { Temporal } from './connect.ts';

/** What there is to tell of all systems. Summaries are read from memos; only findings need a worker that lives. */
export async function readOverview(temporal: Temporal, runbooks: string): Promise<Overview> {
  const [systems, written, coming, found] = await Promise.all([
    knownSystems(temporal),
    writtenSystems(runbooks).catch(() => []),
    comingTimes(temporal).then(
      (coming) => ({ coming, comingMissing: null }),
      () => ({ coming: [], comingMissing: 'Schedules could not be read: what begins next is not known here.' }),
    ),
    readFindings(temporal, undefined, false).then(
      (findings) => ({ findings, findingsMissing: null }),
      () => ({ findings: [], findingsMissing: 'Findings could not be read: no worker answers. Each system above says how many it has.' }),
    ),
  ]);
  return { systems, written, ...coming, ...found };
}

/** What each of Lifeboat's own schedules starts next, soonest first; those that are paused before all. */
async function comingTimes({ client }: Temporal): Promise<readonly Coming[]> {
  const all: Coming[] = [];
  for await (const { scheduleId, memo, info, state } of client.schedule.list()) {
    if (memo?.['lifeboat'] === undefined) continue;
    const [next] = info.nextActionTimes;
    const name = scheduleId.replace(/^lifeboat-/u, '');
    all.push({
      name,
      at: state.paused || next === undefined ? null : next.toISOString(),
      paused: state.paused ? state.note || 'no reason was given' : null,
    });
  }
  return all.toSorted((one, other) => (one.at ?? '').localeCompare(other.at ?? '') || one.name.localeCompare(other.name));
}
