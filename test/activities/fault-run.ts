import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from '../../activities/error.ts';
import type { StepContext, StepType } from '../../activities/step.ts';
import type { LedgerEntry } from '../../lab/aws/control.ts';
import { cloud, type Cloud, type CloudOptions } from './cloud.ts';

/** What a type does at AWS, so that it can be done under every fault. */
export interface UnderFaults<Made> {
  /** Makes what the step starts from, in a fresh cloud; once for each row of the table. */
  prepare(cloud: Cloud): Promise<Made>;
  /** The step's input. */
  input(made: Made, cloud: Cloud): unknown;
  /** Of the step's context. */
  options?(made: Made, cloud: Cloud): CloudOptions;
  /**
   * What the step brought about, one string an effect and no ids in it: the same for each run that goes well, so a doubled effect is
   * a doubled string. `fresh`: resources that were not there before the step, those that are gone again too; `all`: every one.
   */
  effects(fresh: readonly LedgerEntry[], made: Made, all: readonly LedgerEntry[]): readonly string[];
  /** What stays when the step was undone; absent: nothing that it made. */
  afterUndo?(fresh: readonly LedgerEntry[], made: Made, all: readonly LedgerEntry[]): readonly string[];
  /** How long one row may take, milliseconds; absent: 30 s. */
  readonly within?: number;
}

/** A step at the cloud that it is to act on. */
export interface Run<Made> {
  readonly type: StepType;
  readonly cloud: Cloud;
  readonly made: Made;
  readonly input: unknown;
  /** The context of an attempt, with what the one before left; its waiting is cut short. */
  context(attempt: number, signal?: AbortSignal): StepContext;
  /** What is new since the step began, and all. */
  ledger(): Promise<readonly [readonly LedgerEntry[], readonly LedgerEntry[]]>;
}

/** Prepares a fresh cloud for it. */
export async function begin<Made>(type: StepType, spec: UnderFaults<Made>): Promise<Run<Made>> {
  const where = await cloud();
  const made = await spec.prepare(where);
  const before = new Set((await where.ledger()).map(identity));
  const options: CloudOptions = { key: randomBytes(20).toString('hex'), ...spec.options?.(made, where) };
  let beats: readonly unknown[] = [];
  let { resume } = options;
  const ledger = async () => {
    const all = await where.ledger();
    return [all.filter((one) => !before.has(identity(one))), all] as const;
  };
  return {
    type,
    made,
    ledger,
    cloud: where,
    input: spec.input(made, where),
    context(attempt, signal) {
      resume = beats.findLast((beat) => beat !== undefined) ?? resume;
      const context = where.context({ ...options, attempt, resume, ...(signal ? { signal } : {}) });
      beats = context.beats;
      return { ...context, sleep: (milliseconds) => context.sleep(Math.min(milliseconds, 30)) };
    },
  };
}

/** One attempt. */
export async function carry<Made>(run: Run<Made>, attempt: number, signal?: AbortSignal): Promise<void> {
  const context = run.context(attempt, signal);
  await run.type.execute(run.input, context);
  await run.type.verify(run.input, context);
}

/** Attempts as a worker makes them, until one is whole. @returns how many there were. */
export async function untilDone<Made>(run: Run<Made>, kills: boolean, deadline: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const killer = new AbortController();
    const watch = kills && attempt === 1 ? killOnceDone(run.cloud, killer) : undefined;
    try {
      await carry(run, attempt, killer.signal);
      return attempt;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`It was not done in time; the last failure: ${String(error)}`, { cause: error });
      if (killer.signal.aborted) continue;
      if (!(error instanceof StepError) || error.remedy === 'person' || error.remedy === 'mistake') throw error;
      await sleep(20);
    } finally {
      watch?.end();
    }
  }
}

/** Ends the attempt as soon as the call that is held has taken effect. */
function killOnceDone(where: Cloud, killer: AbortController): { end(): void } {
  let over = false;
  void (async () => {
    while (!over) {
      if ((await where.fired())[0]!.done > 0) return killer.abort();
      await sleep(20);
    }
  })();
  return { end: () => void (over = true) };
}

/** Undoes it. @returns what is left then that should not be there, or what `afterUndo` says. */
export async function undo<Made>(run: Run<Made>, spec: UnderFaults<Made>): Promise<readonly string[]> {
  const { undo: undoes } = run.type;
  if (typeof undoes !== 'function') return [];
  await undoes(run.input, run.context(1));
  const [fresh, all] = await run.ledger();
  if (spec.afterUndo) return spec.afterUndo(fresh, run.made, all);
  return fresh.filter((one) => !one.gone).map((one) => `${one.region} ${one.service} ${one.kind}`);
}

function identity({ service, kind, id, region, account }: LedgerEntry): string {
  return [service, kind, id, region, account].join(' ');
}
