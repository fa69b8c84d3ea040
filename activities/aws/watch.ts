import { setMaxListeners } from 'node:events';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { gap, learn, likely } from './rhythm.ts';
import type { Kind, Wait } from './wait.ts';

/** One that is waited for. Times are milliseconds since 1970. */
export interface Watched<State> extends Wait<State> {
  readonly context: StepContext;
  /** When the wait began. */
  readonly since: number;
  /** Is told of each state that was read. */
  told(state: State): void;
}

/** A new resource may be unknown to a Describe for a while; one that was there may not. Milliseconds. */
const unseen = 30_000;
const gone = 10_000;
/** Without an answer for so long the wait ends: the region may be lost. Milliseconds. */
const patience = 60_000;
/** What is asked for within this time of each other goes by one call. Milliseconds. */
const gather = 20;

interface Turn<State> extends Watched<State> {
  /** When it is looked at next. */
  due: number;
  /** Last look that did not find it ready; undefined before the first. */
  looked?: number;
  /** When it was there last. */
  there?: number;
  settle(end: { readonly state: State } | { readonly error: unknown }): void;
}

/** All that is waited for of one kind at one place, by one loop. */
interface Watch<State> {
  readonly kind: Kind<State>;
  readonly turns: Set<Turn<State>>;
  readonly end: AbortController;
  /** Last answer, or the start. */
  answered: number;
  /** The most that were looked at by one call: the last of a wave are still of it. */
  wave: number;
  failures: number;
  wake(): void;
}

/** By kind, by account and region as they are reached. */
const watches = new WeakMap<object, Map<string, Watch<unknown>>>();

/** Settles once it is ready. */
export async function watch<State>(one: Watched<State>): Promise<State> {
  const { signal } = one.context;
  signal.throwIfAborted();
  setMaxListeners(0, signal);
  const shared = watchOf(one);
  return new Promise((resolve, reject) => {
    const turn: Turn<State> = {
      ...one,
      due: Date.now() + gather,
      ready: (state) => one.ready(state),
      told: (state) => one.told(state),
      settle(end) {
        signal.removeEventListener('abort', stop);
        shared.turns.delete(turn);
        if (shared.turns.size === 0) shared.end.abort();
        shared.wake();
        if ('state' in end) resolve(end.state);
        else reject(end.error as Error);
      },
    };
    const stop = (): void => turn.settle({ error: signal.reason });
    signal.addEventListener('abort', stop, { once: true });
    shared.turns.add(turn);
    shared.wake();
  });
}

function watchOf<State>({ kind, site, context }: Watched<State>): Watch<State> {
  const places = watches.get(kind) ?? new Map<string, Watch<unknown>>();
  watches.set(kind, places);
  const place = JSON.stringify(context.aws(site));
  const known = places.get(place) as Watch<State> | undefined;
  if (known && !known.end.signal.aborted) return known;
  const made: Watch<State> = {
    kind,
    turns: new Set(),
    end: new AbortController(),
    answered: Date.now(),
    wave: 1,
    failures: 0,
    wake: () => {},
  };
  places.set(place, made as Watch<unknown>);
  // Its first turn comes before it begins.
  queueMicrotask(() => void loop(made).finally(() => places.get(place) === made && places.delete(place)));
  return made;
}

async function loop<State>(shared: Watch<State>): Promise<void> {
  while (shared.turns.size > 0) {
    await rest(shared);
    const now = Date.now();
    const inOrder = [...shared.turns].sort((a, b) => a.due - b.due);
    for (let at = 0; at < inOrder.length; at += shared.kind.batch) {
      // A call that is made anyway takes along those that would not be due yet.
      const some = inOrder.slice(at, at + shared.kind.batch).filter((turn) => shared.turns.has(turn));
      if (some.length === 0 || some[0]!.due > now) break;
      await look(shared, some);
    }
  }
}

/** Until the next is due, or another comes that is due before. */
async function rest<State>(shared: Watch<State>): Promise<void> {
  await new Promise<void>((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    shared.wake = () => {
      clearTimeout(timer);
      const due = Math.min(...[...shared.turns].map((turn) => turn.due));
      if (shared.turns.size === 0) resolve();
      else timer = setTimeout(resolve, Math.max(0, due - Date.now()));
    };
    shared.wake();
  });
  shared.wake = () => {};
}

async function look<State>(shared: Watch<State>, turns: readonly Turn<State>[]): Promise<void> {
  const { kind, end } = shared;
  const [first] = turns;
  const context = { ...first!.context, signal: end.signal };
  try {
    const states = await kind.describe([...new Set(turns.map(({ id }) => id))], first!.site, context);
    shared.answered = Date.now();
    shared.failures = 0;
    shared.wave = Math.max(shared.wave, turns.length);
    for (const turn of turns) if (shared.turns.has(turn)) judge(turn, states.get(turn.id), shared.wave);
  } catch (error) {
    shared.failures += 1;
    const passes = isPassing(error) && Date.now() - shared.answered < patience;
    const later = Date.now() + Math.min(15_000, 500 * 2 ** shared.failures) * (0.5 + Math.random() / 2);
    for (const turn of turns)
      if (passes) turn.due = later;
      else if (shared.turns.has(turn)) turn.settle({ error });
  }
}

function judge<State>(turn: Turn<State>, state: State | undefined, together: number): void {
  const { kind, id, site, since, expected } = turn;
  const now = Date.now();
  const elapsed = now - since;
  try {
    if (state === undefined) {
      if (turn.there === undefined ? elapsed > unseen : now - turn.there > gone)
        throw new StepError('aws-gone', `${kind.name} ${id} is not at ${site}`, 'person');
      turn.due = now + Math.min(1_000, gap(elapsed, { from: 0, until: 0 }, together));
      return;
    }
    turn.there = now;
    turn.told(state);
    if (turn.ready(state)) {
      if (turn.looked !== undefined) learn(experience(turn), (elapsed + turn.looked - since) / 2, expected);
      turn.settle({ state });
      return;
    }
    turn.looked = now;
    const when = likely(experience(turn), expected, elapsed, kind.progress?.(state));
    // A little less each time, so that many workers do not fall into step.
    turn.due = now + gap(elapsed, when, together) * (1 - Math.random() / 10);
  } catch (error) {
    turn.settle({ error });
  }
}

/** What takes its time in a like way: the kind, in a region, with an expectation of this size. */
function experience<State>({ kind, site, context, expected }: Turn<State>): string {
  return `${kind.name} ${context.aws(site).region} ${Math.round(Math.log2(expected))}`;
}

/** Whether a later look may well get an answer. */
function isPassing(error: unknown): boolean {
  return error instanceof StepError && (error.remedy === 'again' || error.remedy === 'later');
}
