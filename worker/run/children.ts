import { Context } from '@temporalio/activity';
import { StepError } from '../../activities/error.ts';
import { compile } from '../../plan/compile.ts';
import { revisionOf } from '../../plan/revision.ts';
import type { Plan } from '../../plan/plan.ts';
import type { RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { loanOf } from '../ours.ts';
import type { Site } from '../site.ts';
import { load, type Loaded } from './folder.ts';
import { inputOf, recall, wholeOf } from './whole.ts';

/** One answer carries so many bytes of plans. */
const room = 200 * 1024;

type Input = Parameters<RunActivities['run.children']>[0];
type Wanted = Input['wanted'][number];

/** `run.children`: the plans of child runs, each held to the digest that its parent's plan has. */
export const childPlans =
  (site: Site): RunActivities['run.children'] =>
  (input) =>
    attempt(async () => {
      const folder = await load(site.runbooks);
      const revision = await revisionOf(site.runbooks);
      const answers: { plan: Plan; epoch: number }[] = [];
      let size = 0;
      for (const wanted of input.wanted) {
        const plan = planOf(site, folder, input, wanted, revision);
        if (plan?.digest !== wanted.child.digest)
          throw new StepError('plan-changed', `the runbooks were changed since ${wanted.node} was planned: start the run again`, 'person');
        size += JSON.stringify(plan).length;
        if (answers.length > 0 && size > room) break;
        const loan = wanted.of === 'wave' ? null : await loanOf(Context.current().client, wanted.child.system).catch(() => null);
        answers.push({ plan, epoch: loan?.epoch ?? 0 });
      }
      return answers;
    });

function planOf(site: Site, folder: Loaded, input: Input, { node, of, child }: Wanted, revision: string | undefined): Plan | undefined {
  const made = recall(folder, input.pinned)
    ?.children.get(node)
    ?.find(({ digest }) => digest === child.digest);
  if (made) return made;
  const { source, target } = of === 'wave' ? input : child;
  if (of === 'wave') {
    const whole = wholeOf(site, folder, input, { source, target }, revision);
    return whole.children.get(node)?.find(({ digest }) => digest === child.digest);
  }
  const { site: _, ...plain } = input;
  const wanted = { ...plain, system: child.system, kind: child.kind, runbook: child.runbook, parameters: child.parameters };
  return compile(inputOf(site, folder, wanted, { source, target }, revision));
}
