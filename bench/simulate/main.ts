/**
 * Simulates a year of the schedules of a runbooks folder, `runbooks/two-sites` unless another is named, for one system, `orders` unless
 * another is named. Its backups must be of PostgreSQL and files: those of AWS are not played. Ends with 1 where an alarm that was due did
 * not come or did not clear, or one came that was not due.
 */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { systemFacts } from '../../plan/facts.ts';
import { loadFolder } from '../../plan/load.ts';
import { printProblem } from '../../plan/problem.ts';
import { timetable } from '../../plan/schedules/timetable.ts';
import { duration } from '../../record/words.ts';
import { actors } from './actors.ts';
import { calendar, chronicle, legend } from './calendar.ts';
import { alarmsDue, wrongs } from './expected.ts';
import { play, Prompter, type Year } from './play.ts';
import { day, scenes, troubles } from './story.ts';
import { Theatre } from './theatre.ts';
import { startsOf, type Start } from './times.ts';

const [folder = 'runbooks/two-sites', system = 'orders'] = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR' } } });
process.exitCode = await simulate();

async function simulate(): Promise<number> {
  const begun = Date.now();
  const { inventory, runbooks, schedules, problems } = await loadFolder(folder);
  if (inventory === undefined || schedules === undefined || problems.length > 0)
    throw new Error(`${folder} has no schedules that can be read: ${problems.map(printProblem).join('; ')}`);
  const entries = timetable(schedules, runbooks).filter(({ input }) => input.system === system);
  const [from, until] = [begun, begun + 366 * day];
  const times = await startsOf(entries, from, until);
  const after = Date.now();

  const starts = firstLookOfEachDay(times);
  const wrong = troubles(starts);
  const prompter = new Prompter();
  const theatre = await Theatre.open(Object.keys(inventory.data.sites), actors({ inventory, runbooks }, prompter));
  let year: Year;
  try {
    year = await play(theatre, prompter, system, scenes(starts, wrong), until);
  } finally {
    await theatre.close();
  }
  const { promised = {} } = systemFacts(inventory.data, system)!;
  const alarms = alarmsDue(promised, year.known, year.proofs, until);
  const whole = year.played.filter(({ ordinary, begins }) => !ordinary && begins !== null).length;
  const found = [...year.wrongs, ...wrongs(alarms, year.told, until)];

  console.log(`${system}, a year of ${folder}/schedules.yaml\n`);
  for (const { name, when } of entries) console.log(`  ${name.padEnd(16)} ${when}`);
  console.log(`\n${calendar(year, alarms, from, until).join('\n')}\n\n${legend}\n`);
  console.log(chronicle(year, wrong, alarms).join('\n'));
  console.log(
    [
      '',
      `Real: ${times.length} times, computed by a Temporal server from these Schedules (${duration(after - begun)}); the workflows system, backup,`,
      'rehearsal and readiness; their plans; the loan of the system; what is held to be proven, found and due.',
      `Simulated: the clock, what the runs met in the world, and the trouble (${duration(Date.now() - after)}). ${whole} runs were carried out; of ${year.played.length - whole}`,
      'ordinary backups and looks (the first look of each day) the system was told alone that they ended as the one before.',
      '',
      ...found.map((one) => `WRONG: ${one}`),
      found.length === 0
        ? `Every alarm that was due came and cleared: ${alarms.length}.`
        : `${found.length} things were not as they should be.`,
    ].join('\n'),
  );
  return found.length === 0 ? 0 : 1;
}

/** 48 looks a day would all see the same. */
function firstLookOfEachDay(starts: readonly Start[]): readonly Start[] {
  const seen = new Set<string>();
  return starts.filter(({ entry: { kind, name }, at }) => {
    const date = `${name} ${new Date(at).toISOString().slice(0, 10)}`;
    if (kind !== 'readiness') return true;
    if (seen.has(date)) return false;
    seen.add(date);
    return true;
  });
}
