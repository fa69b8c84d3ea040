import type { Leftover } from './sweeper.ts';

/** Which of what is left is meant. */
export interface Wanted {
  /** What this rehearsal left, whether it is over or not. Null: what any left. */
  readonly of: { readonly run: string; readonly startedAt: string } | null;
  /** Of any: what is expired alone, or also that whose rehearsal does not run any more. */
  readonly which: 'expired' | 'over';
}

/** Those of what is left that may be taken away now. `over` tells whether no rehearsal of this workflow id runs. */
export async function due(
  found: readonly Leftover[],
  { of, which }: Wanted,
  over: (run: string) => Promise<boolean>,
  now = Date.now(),
): Promise<readonly Leftover[]> {
  if (of !== null) return found.filter(({ run, startedAt }) => callers(run).includes(of.run) && startedAt === of.startedAt);
  const answers = new Map<string, Promise<boolean>>();
  const answer = (run: string): Promise<boolean> => {
    if (!answers.has(run)) answers.set(run, over(run));
    return answers.get(run)!;
  };
  const isOver = async ({ run }: Leftover): Promise<boolean> => (await Promise.all(callers(run).map(answer))).every((one) => one);
  const kept = await Promise.all(found.map(async (one) => isExpired(one, now) || (which === 'over' && (await isOver(one)))));
  return found.filter((_, place) => kept[place]);
}

const isExpired = ({ expires }: Leftover, now: number): boolean => expires !== null && Date.parse(expires) <= now;

/** A child run is called after the run that started it, `RUN/BRANCH/CHILD`: that one and itself, and whatever may be either. */
const callers = (run: string): readonly string[] => run.split('/').map((_, place, parts) => parts.slice(0, place + 1).join('/'));
