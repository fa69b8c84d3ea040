import { Context } from '@temporalio/activity';
import type { Branch, Child, Kind, Plan, PlanHeader, PlanNode, RehearsalFacts, Step } from '../../plan/plan.ts';
import type { Compiled, RunActivities } from '../../workflows/wire.ts';
import { attributes } from '../../worker/attributes.ts';
import { loanOf } from '../../worker/ours.ts';
import { header, step, type Play } from './stage.ts';

/** Plans of child runs, by digest: what `run.children` hands out in a play. */
export class Troupe {
  readonly #plans = new Map<string, Plan>();
  /** How often plans were asked for. */
  asked = 0;

  /** A branch whose children carry out like steps of the type `uses`, at most `most` each. */
  wave(
    id: string,
    items: readonly string[],
    given: { uses?: string; needs?: readonly string[]; most?: number; with?: object; at?: string } = {},
  ): Branch {
    const { uses = 't.item', needs = [], most = 200, at = 'site-b' } = given;
    const steps = items.map((item, n) =>
      step(`${id}:${n + 1}`, [], { uses, at, undo: true, with: { item, ...given.with } as never }, { summary: item }),
    );
    const parts: PlanNode[][] = [];
    for (let from = 0; from < steps.length; from += most) parts.push(steps.slice(from, from + most));
    const children = parts.map((part, n) => this.#child(String(n + 1), { kind: 'failover' }, part));
    return { ...node(id, needs), of: 'wave', children, at, uses, summary: `${uses} for each of ${items.length}` };
  }

  /** A branch whose children are runs of these systems. */
  runs(
    id: string,
    systems: readonly string[],
    steps: readonly PlanNode[],
    given: {
      needs?: readonly string[];
      kind?: Kind;
      whenItFails?: Branch['whenItFails'];
      header?: Partial<PlanHeader>;
      width?: number;
    } = {},
  ): Branch {
    const { needs = [], kind = 'failover', whenItFails = 'hold', width = 20 } = given;
    const children = systems.map((name) => this.#child(name, { kind, ...given.header, system: { name, tier: 1 } }, steps));
    return { ...node(id, needs), of: 'runs', children, whenItFails, width, summary: `runs of ${systems.length}` };
  }

  /** The activity, as a worker has it. */
  readonly activities: Pick<RunActivities, 'run.children'> = {
    'run.children': async ({ wanted }) => {
      this.asked += 1;
      return wanted.map(({ child }) => ({ plan: this.#plans.get(child.digest)!, epoch: 0 }));
    },
  };

  /** `run.compile` of a parent run of this name; of a child that compiles again, its own plan. */
  compiled(play: Play, name: string, kind: Kind = 'failover'): Pick<RunActivities, 'run.compile'> {
    return {
      'run.compile': async ({ system }): Promise<Compiled> => {
        const epoch = (await loanOf(Context.current().client, system).catch(() => null))?.epoch ?? 0;
        const own = [...this.#plans.values()].find((plan) => plan.system.name === system);
        const { steps, ...plan } = own ?? { ...header(play), system: { name, tier: 0 }, kind, steps: play.steps };
        return { plan, steps, evidence: [], attributes, epoch };
      },
    };
  }

  /** Changes the steps of one child's plan. */
  change(digest: string, make: (one: Step) => Step): void {
    const plan = this.#plans.get(digest)!;
    this.#plans.set(digest, { ...plan, steps: plan.steps.map((one) => (one.kind === 'step' ? make(one) : one)) });
  }

  /** All plans are of a rehearsal from now on. */
  rehearsed(rehearsal: RehearsalFacts): void {
    for (const [digest, plan] of this.#plans) this.#plans.set(digest, { ...plan, rehearsal });
  }

  #child(name: string, given: Partial<PlanHeader>, steps: readonly PlanNode[]): Child {
    const digest = `${this.#plans.size + 1}`.padStart(64, 'c');
    const plan: Plan = { ...header({ steps: [], header: given }), digest, steps };
    this.#plans.set(digest, plan);
    const { system, kind, runbook, source, target } = plan;
    return {
      name,
      system: system.name,
      kind,
      runbook,
      source: source.site,
      target: target.site,
      parameters: {},
      digest,
      steps: steps.length,
      expected: 1,
    };
  }
}

function node(id: string, needs: readonly string[]): Omit<Branch, 'of' | 'children' | 'summary'> {
  return { kind: 'branch', id, needs, remaining: 1, line: 1, width: 20, whenItFails: 'hold' };
}
