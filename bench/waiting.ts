import { parseArgs } from 'node:util';
import { random } from '../plan/estimate/random.ts';
import { simulated } from './clock.ts';
import { table } from './figures.ts';
import { emulated } from './waiting-emulated.ts';
import { call, ours, theirs, type Noticed, type Thing, type Waited, type Waiter } from './waiters.ts';

/**
 * What waiting costs and how late it notices, beside the SDK's own waiters: the real code of both, in simulated time, and once in real time.
 * Exit status 1 where a rule does not hold.
 */
const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, draws: { type: 'string', default: '100' }, wave: { type: 'string', default: '50' } },
});
const [seed, draws, wave] = [Number(values.seed), Number(values.draws), Number(values.wave)];
const spreads = [0, 0.1, 0.25, 0.5];
/** What a wait usually takes, milliseconds: an instance that starts, a snapshot, a copy to another region. */
const usual = [30_000, 300_000, 1_800_000];
/** Waits before those that count: so many has a worker seen before. */
const warm = 8;
const broken: string[] = [];

console.log(`Seed ${seed}. Durations are drawn evenly from what is expected less the spread to what is expected and the spread.
Delay: from ready to noticed, mean, milliseconds. Calls: Describe calls for a wait, mean; for a wave, all of them.
Rule: noticed within the larger of 1 s and 5 % of the wait.\n`);
console.log(`A single wait, ${draws} draws`);
console.log(`${await singles()}\n`);
console.log(`A wave of ${wave}, begun together`);
console.log(`${await waves()}\n`);
const [count, takes] = [10, 4_000];
console.log(`In real time: ${count} snapshots of the emulated AWS, ${takes / 1_000} s each\n${await emulated(count, takes)}\n`);
for (const rule of broken) console.error(`Does not hold: ${rule}.`);
console.log(broken.length === 0 ? 'Every rule holds.' : '');
process.exitCode = broken.length === 0 ? 0 : 1;

async function singles(): Promise<string> {
  const rows: string[][] = [];
  for (const expected of usual)
    for (const spread of spreads) {
      const things = drawn(expected, spread, draws + warm);
      const mine = await oneByOne(ours(`single ${expected} ${spread}`), things);
      const standard = await oneByOne(theirs(), things);
      const equal = await oneByOne(fixed(intervals(things, mine.calls)), things);
      const less = 1 - mine.delay / equal.delay;
      if (mine.within < 1) broken.push(`a single wait of ${expected / 1_000} s, spread ${spread}, is noticed within the rule`);
      if (less < 0) broken.push(`a single wait of ${expected / 1_000} s, spread ${spread}, has less delay at equal calls`);
      rows.push([
        `${expected / 1_000} s`,
        String(spread),
        ...shown(mine),
        percent(mine.within),
        ...shown(standard),
        percent(standard.within),
        ...shown(equal),
        percent(less),
      ]);
    }
  return table(
    [
      'expected',
      'spread',
      'delay',
      'calls',
      'in rule',
      'SDK delay',
      'calls',
      'in rule',
      'SDK, as many calls: delay',
      'calls',
      'less delay',
    ],
    rows,
    [],
  );
}

async function waves(): Promise<string> {
  const rows: string[][] = [];
  for (const expected of usual)
    for (const spread of spreads) {
      const things = drawn(expected, spread, wave);
      const mine = figures([await simulated(seed, () => ours(`wave ${expected} ${spread}`)(things))]);
      const standard = figures([await simulated(seed, () => theirs()(things))]);
      if (mine.within < 1) broken.push(`a wave of ${expected / 1_000} s, spread ${spread}, is noticed within the rule`);
      if (mine.calls >= standard.calls) broken.push(`a wave of ${expected / 1_000} s, spread ${spread}, takes fewer calls`);
      rows.push([
        `${expected / 1_000} s`,
        String(spread),
        ...shown(mine),
        percent(mine.within),
        ...shown(standard),
        percent(standard.within),
        percent(1 - mine.calls / standard.calls),
      ]);
    }
  return table(['expected', 'spread', 'delay', 'calls', 'in rule', 'SDK delay', 'calls', 'in rule', 'fewer calls'], rows, []);
}

/** Always the same for a seed. */
function drawn(expected: number, spread: number, count: number): Thing[] {
  const roll = random(seed + expected + spread * 1_000);
  return Array.from({ length: count }, () => ({ expected, takes: Math.round(expected * (1 + spread * (2 * roll() - 1))) }));
}

interface Figures {
  /** Mean, milliseconds. */
  readonly delay: number;
  /** Mean of a wave, which may be one. */
  readonly calls: number;
  /** Part that was noticed within the rule. */
  readonly within: number;
}

async function oneByOne(waiter: Waiter, things: readonly Thing[]): Promise<Figures> {
  return simulated(seed, async () => {
    const all: Waited[] = [];
    for (const thing of things) all.push(await waiter([thing]));
    return figures(all.slice(warm));
  });
}

function figures(all: readonly Waited[]): Figures {
  const noticed = all.flatMap((one) => one.noticed);
  const inRule = ({ delay, takes }: Noticed): boolean => delay <= Math.max(1_000, 0.05 * takes);
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  return {
    delay: mean(noticed.map(({ delay }) => delay)),
    calls: mean(all.map(({ calls }) => calls)),
    within: noticed.filter(inRule).length / noticed.length,
  };
}

/**
 * Fixed intervals of the SDK, seconds, with which it makes as many calls: its best, for nothing is wasted early. One for each wait, within
 * a tenth of their mean: a single one would be tuned to a duration that nobody knows before.
 */
function intervals(things: readonly Thing[], calls: number): number[] {
  const roll = random(seed);
  const parts = things.map(() => 0.9 + roll() / 5);
  const made = (mean: number): number =>
    things.slice(warm).reduce((sum, { takes }, n) => sum + 1 + Math.ceil(takes / (mean * parts[n + warm]! + call)), 0) /
    (things.length - warm);
  let [low, high] = [50, 1e7];
  for (let turn = 0; turn < 40; turn += 1) {
    const middle = Math.sqrt(low * high);
    if (made(middle) > calls) low = middle;
    else high = middle;
  }
  return parts.map((part) => (part * high) / 1_000);
}

function fixed(each: readonly number[]): Waiter {
  let at = 0;
  return (things) => {
    const interval = each[at++]!;
    return theirs({ minDelay: interval, maxDelay: interval })(things);
  };
}

function shown({ delay, calls }: Figures): string[] {
  return [Math.round(delay).toLocaleString('en-GB'), calls.toFixed(1)];
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
