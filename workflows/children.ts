import { CancellationScope, condition } from '@temporalio/workflow';
import type { Branch, Child, Plan } from '../plan/plan.ts';
import { control } from './activities.ts';
import type { Run } from './run.ts';

export interface ChildPlan {
  readonly plan: Plan;
  /** Epoch of the child's system when it was compiled. */
  readonly epoch: number;
}

/** Child runs of a run at once, over all its branches. */
export const mostChildren = 20;

/** Hands out the plans of children, fetched many at a time, and room for them to run. */
export class Children {
  readonly #run: Run;
  readonly #plans = new Map<string, ChildPlan>();
  #wanted: { readonly node: string; readonly of: Branch['of']; readonly child: Child }[] = [];
  #fetching: Promise<void> | null = null;
  #room = mostChildren;

  constructor(run: Run) {
    this.#run = run;
  }

  /** The plan of a child; those asked for in the same moment come together. */
  async plan(node: Branch, child: Child): Promise<ChildPlan> {
    for (;;) {
      const known = this.#plans.get(child.digest);
      if (known) return known;
      if (!this.#wanted.some((one) => one.child.digest === child.digest)) this.#wanted.push({ node: node.id, of: node.of, child });
      this.#fetching ??= this.#fetch().finally(() => (this.#fetching = null));
      await this.#fetching;
    }
  }

  /** Runs it once there is room. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    // Others may have taken the place between its becoming free and this one's turn.
    while (this.#room <= 0) await condition(() => this.#room > 0);
    this.#room -= 1;
    try {
      return await work();
    } finally {
      this.#room += 1;
    }
  }

  async #fetch(): Promise<void> {
    // All that begin in the same moment have asked once the others had their turn.
    await Promise.resolve();
    const wanted = this.#wanted.slice(0, 40);
    const { input, kind, pinned } = this.#run;
    const { given: _, ...plain } = input;
    const options = { startToCloseTimeout: '20 seconds', scheduleToCloseTimeout: '2 minutes' } as const;
    try {
      const plans = await CancellationScope.nonCancellable(() =>
        control(`plans of ${wanted.length} child runs`, options)['run.children']({
          ...plain,
          kind,
          pinned: pinned.digest,
          source: pinned.source.site,
          target: pinned.target.site,
          wanted,
        }),
      );
      plans.forEach((plan, place) => this.#plans.set(wanted[place]!.child.digest, plan));
      const got = new Set(wanted.slice(0, plans.length));
      this.#wanted = this.#wanted.filter((one) => !got.has(one));
    } catch (error) {
      this.#wanted = [];
      throw error;
    }
  }
}
