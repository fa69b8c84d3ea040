import { Context } from '@temporalio/activity';
import { StepError } from '../../activities/error.ts';
import { waysOf, systemFacts } from '../../plan/facts.ts';
import { paginate } from '../../plan/paginate.ts';
import { revisionOf } from '../../plan/revision.ts';
import { causes, type RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { knownAttributes } from '../attributes.ts';
import type { Site } from '../site.ts';
import { findCourse, type Found } from './course.ts';
import { load } from './folder.ts';
import { foretell, remembered } from './forecast.ts';
import { recall, wholeOf, type Wanted } from './whole.ts';

/** `run.compile`: from the names in a run's input to a plan, with source and target as the world has them now. */
export const compilePlan =
  (site: Site): RunActivities['run.compile'] =>
  (input) =>
    attempt(async ({ signal }) => {
      const { client } = Context.current();
      check(input);
      const folder = await load(site.runbooks);
      const [{ course, evidence, epoch }, attributes, revision, past] = await Promise.all([
        findCourse(site, folder.inventory, input, signal),
        knownAttributes(client.connection, site.namespace).catch(() => []),
        revisionOf(site.runbooks),
        input.site === undefined ? remembered(client, input.system) : null,
      ]);
      const { plan } = wholeOf(site, folder, input, course, revision);
      const { steps, ...header } = plan;
      const mode = input.mode ?? plan.rehearsal?.mode ?? 'planned';
      return {
        ...{ plan: header, steps: paginate(steps)[0] ?? [], evidence, attributes, epoch },
        ...(past === null ? {} : { forecast: foretell(plan, mode, past, site.types) }),
      };
    });

/** `run.page`: a further page of the same plan. */
export const planPage =
  (site: Site): RunActivities['run.page'] =>
  (input) =>
    attempt(async ({ signal }) => {
      const folder = await load(site.runbooks);
      const system = systemFacts(folder.inventory.data, input.system);
      const target = (system && waysOf(system).find(([source]) => source === input.source)?.[1]) ?? input.source;
      const course = async (): Promise<Found['course']> =>
        input.site === undefined ? { source: input.source, target } : (await findCourse(site, folder.inventory, input, signal)).course;
      const { plan } = recall(folder, input.pinned) ?? wholeOf(site, folder, input, await course(), await revisionOf(site.runbooks));
      if (plan.digest !== input.pinned)
        throw new StepError('plan-changed', 'the runbooks were changed while the run read its plan: start it again', 'person');
      return paginate(plan.steps)[input.page] ?? [];
    });

function check(input: Wanted): void {
  if (input.site !== undefined && input.kind === 'restore')
    throw new StepError('input', 'a restore is of one system: name it, and no site', 'mistake');
  if (typeof input.system !== 'string' || input.system === '') {
    throw new StepError('input', 'the input names no system: {"system":"orders","mode":"unplanned"}', 'mistake');
  }
  if (input.cause !== undefined && !(causes as readonly string[]).includes(input.cause))
    throw new StepError('input', `the cause is one of ${causes.join(', ')}, not "${input.cause}"`, 'mistake');
  if (input.kind === 'failover' && input.cause === 'corruption')
    throw new StepError(
      'corruption',
      `what corruption damaged was replicated: a failover of ${input.system} would serve the same damage. Restore to a point before it: lifeboat restore ${input.system}`,
      'mistake',
    );
  if (input.kind === 'failover' && input.mode !== 'planned' && input.mode !== 'unplanned') {
    throw new StepError(
      'input',
      'a failover needs "mode": "planned" (the source still serves and is shut down cleanly) or "unplanned" (it is lost and is fenced)',
      'mistake',
    );
  }
}
