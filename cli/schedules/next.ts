import type { Temporal } from '../connect.ts';
import { exit } from '../exit.ts';
import { plain, say, sayJson, table } from '../print.ts';
import { known, ownedBy } from './known.ts';
import type { Table } from './read.ts';
import { timesBetween } from './times.ts';

const horizon = 2 * 366 * 86_400_000;

/** The coming times of all schedules, as the server computes them: the file is not asked what it means. */
export async function next(temporal: Temporal, file: Table | undefined, count: number, json: boolean): Promise<number> {
  const names = new Set([...(file?.entries ?? []).map(({ name }) => name), ...(await ownedBy(temporal, file?.owner))]);
  const all = await Promise.all([...names].map((name) => comingOf(temporal, name, count)));
  const sorted = all.flat().toSorted((one, other) => one.at.localeCompare(other.at));
  // One that comes often leaves no room to the others: of each the next time is shown.
  const firsts = new Set(all.map(([first]) => first));
  const times = sorted.filter((one, place) => place < count || firsts.has(one));
  if (json) sayJson(times);
  else if (times.length === 0) say('Nothing is to come: make the schedules (lifeboat schedules apply), or end their pauses.');
  else
    for (const row of table([
      ['UTC', 'where it is scheduled', 'schedule'],
      ...times.map(({ at, there, name }) => [at.replace(/\.\d+Z/u, 'Z'), there, plain(name)]),
    ]))
      say(row);
  return times.length === 0 ? exit.otherwise : exit.done;
}

async function comingOf(temporal: Temporal, name: string, count: number): Promise<{ name: string; at: string; there: string }[]> {
  const one = await known(temporal, name);
  if (one === null || one.described.state.paused) return [];
  const { info, spec } = one.described;
  const now = Date.now();
  const times =
    count <= info.nextActionTimes.length
      ? info.nextActionTimes
      : await timesBetween(temporal, name, new Date(now), new Date(now + horizon), count);
  return times.map((at) => ({ name, at: at.toISOString(), there: local(at, spec.timezone || 'UTC') }));
}

function local(at: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  return `${format.format(at)} ${timeZone}`;
}
