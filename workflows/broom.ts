import { isCancellation } from '@temporalio/workflow';
import type { SweepPlace } from '../plan/plan.ts';
import { control, phase, problemOf, short } from './activities.ts';
import { siteQueue, type Leftover, type MadeCall, type Over, type SweepResult, type SweepState, type SweptRehearsal } from './wire.ts';

interface Visit {
  readonly remove: boolean;
  /** Milliseconds. */
  readonly within: number;
}

/** A site that does not answer is told of, and asked again at the next visit. */
const patience = {
  scheduleToStartTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '2 seconds', maximumAttempts: 5 },
} as const;

/** What a sweep knows while it goes on. */
export class Broom {
  readonly #system: string;
  readonly #places: { readonly [site: string]: SweepPlace };
  readonly #of: SweptRehearsal | null;
  #last: Omit<SweepResult, 'removed' | 'gone'> = { left: [], others: [], problems: [] };
  over: Over | null;
  made: MadeCall[];
  removed: readonly Leftover[];
  gone: number;
  doing: SweepState['doing'] = 'taking away';
  until: string | null = null;
  visits = 0;

  constructor(system: string, places: { readonly [site: string]: SweepPlace }, of: SweptRehearsal | null) {
    this.#system = system;
    this.#places = places;
    this.#of = of;
    this.over = of?.over ?? null;
    this.made = [...(of?.made ?? [])];
    this.removed = of?.removed ?? [];
    this.gone = of?.gone ?? 0;
  }

  get result(): SweepResult {
    return { removed: this.removed, gone: this.gone, ...this.#last };
  }

  get state(): SweepState {
    return { ...this.result, doing: this.doing, until: this.until };
  }

  /** Goes to every site, side by side. @returns whether nothing is left there, as far as every one of them could be looked at. */
  async visit(visit: Visit): Promise<boolean> {
    this.visits += 1;
    const over = this.over !== null;
    const [sites, calls] = await Promise.all([
      Promise.all(Object.entries(this.#places).map(([site, place]) => this.#sweep(site, place, visit))),
      this.#takeBack(over),
    ]);
    const gone = new Map([...this.removed, ...[...sites, calls].flatMap(({ removed }) => removed)].map((one) => [keyOf(one), one]));
    this.removed = [...gone.values()].slice(-1_000);
    for (const { gone: more } of [...sites, calls]) this.gone += more;
    this.#last = {
      left: sites.flatMap(({ left }) => left),
      others: sites.flatMap(({ others }) => others),
      problems: [...sites, calls].flatMap(({ problems }) => problems),
    };
    return this.#last.left.length === 0 && this.#last.problems.length === 0 && (this.made.length === 0 || !over);
  }

  async #sweep(site: string, place: SweepPlace, { remove, within }: Visit): Promise<SweepResult> {
    const of = this.#of && { run: this.#of.run, startedAt: this.#of.startedAt };
    const options = { taskQueue: siteQueue(site), startToCloseTimeout: '30 minutes', ...patience } as const;
    try {
      return await control(`sweep ${site}`, options)['run.sweep']({ system: this.#system, place, of, which: 'over', remove, within });
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { removed: [], gone: 0, left: [], others: [], problems: [`${site} could not be looked at: ${problemOf(error).text}`] };
    }
  }

  /** What only its type knows how to take away, newest first. What a rehearsal that goes on is about to make is perhaps made only later. */
  async #takeBack(over: boolean): Promise<Pick<SweepResult, 'removed' | 'gone' | 'problems'>> {
    const [removed, problems]: [Leftover[], string[]] = [[], []];
    for (const one of this.made.toReversed()) {
      const { uses, at, timeout, call } = one;
      const act = phase(`${uses}.sweep`, {
        taskQueue: siteQueue(at),
        startToCloseTimeout: timeout,
        ...patience,
        heartbeatTimeout: '3 seconds',
        summary: short(`${call.step.id}: ${uses} (sweep)`),
      });
      try {
        const { evidence } = await act({ ...call, epoch: null });
        if (over) this.made = this.made.filter((other) => other !== one);
        const { run, startedAt } = this.#of!;
        const made = { site: at, kind: uses, run, startedAt, expires: null };
        if (evidence.length > 0) removed.push({ ...made, name: `${call.step.id}: ${evidence.join(' ')}` });
      } catch (error) {
        if (isCancellation(error)) throw error;
        problems.push(`${call.step.id} (${uses}) at ${at}: ${problemOf(error).text}`);
      }
    }
    return { removed, gone: removed.length, problems };
  }
}

const keyOf = ({ site, kind, name }: Leftover): string => `${site} ${kind} ${name}`;
