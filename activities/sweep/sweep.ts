import { awsSweeper } from './aws.ts';
import { due, type Wanted } from './due.ts';
import { hostSweeper } from './hosts.ts';
import type { Leftover, SweepContext, Sweeper } from './sweeper.ts';

/** What became of what was left at a site, as the world was read at the end. */
export interface Swept {
  /** Gone, of what was to be taken away. */
  readonly removed: readonly Leftover[];
  /** To be taken away, and still there. */
  readonly left: readonly Leftover[];
  /** Of others: their rehearsals run, or they are not yet due. */
  readonly others: readonly Leftover[];
  /** Where it could not be looked, or why something did not go, one sentence each. Where it could not be looked, nothing is known to be gone. */
  readonly problems: readonly string[];
}

export interface SweepWish extends Wanted {
  /** False: it is only looked at. */
  readonly remove: boolean;
  /** How long something that does not go is waited for, milliseconds. */
  readonly within: number;
}

interface Surroundings {
  /** Whether no rehearsal of this workflow id runs. */
  over(run: string): Promise<boolean>;
  /** What earlier attempts saw go. */
  readonly before: readonly Leftover[];
  /** Told what was doomed, before it goes: an attempt that is lost hands it on. */
  begun(doomed: readonly Leftover[]): void;
}

const sweepers: readonly Sweeper[] = [awsSweeper, hostSweeper];

/** Takes away what is due at a site, and reads the world again until nothing of it is left. */
export async function sweep(wish: SweepWish, context: SweepContext, around: Surroundings, all = sweepers): Promise<Swept> {
  const until = Date.now() + wish.within;
  const doomed = new Map<string, Doomed>(around.before.map((one) => [idOf(one), { one, by: null }]));
  for (let pause = 100; ; pause = Math.min(pause * 2, 5_000)) {
    const looks = await Promise.all(all.map((sweeper) => look(sweeper, wish, context, around)));
    const left = looks.flatMap(({ due: its }) => its);
    const blind = looks.flatMap(({ problem }) => problem ?? []);
    const here = new Set(left.map(idOf));
    const blinded = looks.filter(({ problem }) => problem !== undefined).map(({ sweeper }) => sweeper);
    const isSeen = ({ by }: Doomed): boolean => (by === null ? blinded.length === 0 : !blinded.includes(by));
    const result = (problems: readonly string[]): Swept => ({
      removed: [...doomed.values()].filter((one) => isSeen(one) && !here.has(idOf(one.one))).map(({ one }) => one),
      left,
      others: looks.flatMap(({ others }) => others),
      problems: [...new Set([...blind, ...problems])],
    });
    if (!wish.remove || left.length === 0) return result([]);
    for (const { sweeper: by, due: its } of looks) for (const one of its) doomed.set(idOf(one), { one, by });
    around.begun([...doomed.values()].map(({ one }) => one));
    const problems = await Promise.all(looks.map((one) => takeAway(one, context)));
    if (Date.now() > until) return result(problems.flat());
    await context.sleep(pause);
  }
}

/** What was to go, and who found it; null: an earlier attempt. */
interface Doomed {
  readonly one: Leftover;
  readonly by: Sweeper | null;
}

interface Look {
  readonly sweeper: Sweeper;
  readonly due: readonly Leftover[];
  readonly others: readonly Leftover[];
  readonly problem?: string;
}

/** What cannot be seen of one kind keeps nothing of another from going. */
async function look(sweeper: Sweeper, wish: SweepWish, context: SweepContext, around: Surroundings): Promise<Look> {
  try {
    const found = await sweeper.find(context);
    const its = await due(found, wish, (run) => around.over(run));
    return { sweeper, due: its, others: found.filter((one) => !its.includes(one)) };
  } catch (error) {
    return { sweeper, due: [], others: [], problem: sentence(error, context) };
  }
}

async function takeAway({ sweeper, due: its }: Look, context: SweepContext): Promise<readonly string[]> {
  if (its.length === 0) return [];
  try {
    await sweeper.remove(its, context);
    return [];
  } catch (error) {
    return [sentence(error, context)];
  }
}

function sentence(error: unknown, { signal }: SweepContext): string {
  if (signal.aborted) throw error;
  return error instanceof Error ? error.message : String(error);
}

const idOf = ({ kind, name, run, startedAt }: Leftover): string => [kind, name, run, startedAt].join(' ');
