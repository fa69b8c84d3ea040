import type { Plan } from '../plan/plan.ts';
import type { Compiled, Foretold } from './wire.ts';
import { control } from './activities.ts';
import { announce } from './announce.ts';
import { ask } from './ask.ts';
import { whileGoing } from './going.ts';
import { Stopped, type Run } from './run.ts';

/** From a few words to a pinned plan; a person who was shown another one is asked. `meanwhile` ends before anything is made of the plan. */
export async function compile(run: Run, meanwhile: Promise<void> = Promise.resolve()): Promise<void> {
  announce(run, 'compiling');
  const { given } = run.input;
  if (given && run.plan === null) {
    run.attributes = given.attributes;
    run.compiledEpoch = given.compiledEpoch;
    await meanwhile;
    return pin(run, given.plan, ['The plan was compiled with that of the run which this one is part of.']);
  }
  const compiling = whileGoing(run, () => compiled(run));
  compiling.catch(() => undefined);
  await meanwhile;
  const { plan, evidence, attributes, epoch, forecast } = await compiling;
  run.attributes = attributes;
  run.compiledEpoch = epoch;
  if (given) refuseOtherWay(run, given.plan, plan);
  pin(run, plan, evidence, forecast);
  if (run.input.digest && !plan.digest.startsWith(run.input.digest)) await askAboutDigest(run, run.input.digest);
}

/** What its parent was to move has been moved since: the way back is nobody's wish. */
function refuseOtherWay(run: Run, planned: Plan, { source, target }: Plan): void {
  if (source.site === planned.source.site && target.site === planned.target.site) return;
  run.serving = source.site;
  run.halt({
    how: 'abort',
    verdict: 'refused',
    why: `it was to go from ${planned.source.site} to ${planned.target.site}, and is served at ${source.site} by now`,
  });
  throw new Stopped();
}

function pin(run: Run, plan: Plan, evidence: readonly string[], forecast?: Foretold): void {
  run.adopt(plan);
  run.forecast = forecast ?? null;
  if (plan.rehearsal !== undefined && run.mode === null) {
    run.mode = plan.rehearsal.mode;
    run.journal.write({ what: 'mode', mode: run.mode, by: plan.runbook });
  }
  const { digest, revision = null, runbook, warnings } = plan;
  run.journal.write({ what: 'compiled', digest, revision, runbook, warnings: [...warnings, ...evidence], ...(forecast && { forecast }) });
}

async function compiled(run: Run): Promise<Omit<Compiled, 'plan' | 'steps'> & { readonly plan: Plan }> {
  const { given: _, ...input } = run.input;
  // Of a whole site every system is asked where it serves.
  const [each, all] = input.site === undefined ? (['15 seconds', '2 minutes'] as const) : (['3 minutes', '10 minutes'] as const);
  const options = { startToCloseTimeout: each, scheduleToCloseTimeout: all };
  const { plan, steps, ...rest } = await control(`compile ${run.kind} of ${input.system}`, options)['run.compile']({
    ...input,
    kind: run.kind,
  });
  return { ...rest, plan: await wholePlan(run, plan, steps) };
}

async function wholePlan(run: Run, header: Compiled['plan'], first: Compiled['steps']): Promise<Plan> {
  const steps = [...first];
  for (let n = 1; n < header.pages.length; n += 1) {
    const { given: _, ...plain } = run.input;
    const input = { ...plain, kind: run.kind, pinned: header.digest, page: n, source: header.source.site };
    steps.push(...(await control(`plan, page ${n + 1} of ${header.pages.length}`)['run.page'](input)));
  }
  return { ...header, steps };
}

async function askAboutDigest(run: Run, shown: string): Promise<void> {
  const { digest, revision } = run.pinned;
  const answer = await ask(run, {
    id: 'plan',
    kind: 'plan',
    title: 'The plan is not the one that was shown',
    facts: [
      { label: 'shown', value: shown },
      { label: 'compiled by this worker', value: `${digest}${revision ? ` at revision ${revision}` : ''}` },
    ],
    choices: [
      {
        choice: 'approve',
        label: `Go on with plan ${digest.slice(0, 12)}`,
        description: 'Use the plan that the worker compiled.',
        reason: false,
      },
      {
        choice: 'refuse',
        label: `Do not go on with plan ${digest.slice(0, 12)}`,
        description: 'End the run; nothing was changed.',
        reason: false,
      },
    ],
    approvers: [],
    count: 1,
  });
  if (answer.choice === 'approve') return;
  run.halt({ how: 'abort', why: 'the plan is not the one that was shown' });
  throw new Stopped();
}
