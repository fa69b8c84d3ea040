import { Context } from '@temporalio/activity';
import type { RunActivities } from '../../../workflows/wire.ts';
import { attempt } from '../../attempt.ts';
import type { Site } from '../../site.ts';
import { renewOwnChecklists } from '../../stores/checklists.ts';
import { load } from '../folder.ts';
import { askAll } from './ask.ts';
import { folderState } from './folder-state.ts';
import { questionsOfSite } from './of-site.ts';
import { plansOf } from './plans.ts';
import { systemOf } from './survey.ts';
import { isTemporalHere } from './temporal.ts';
import { questionsOfWhole } from './whole.ts';

/**
 * `run.ready`: what belongs to the queue on which it is asked, each question with a deadline of its own. Only reads, but for the
 * checklists in the site's record store, which are made again where the runbooks were changed.
 */
export const ready =
  (site: Site): RunActivities['run.ready'] =>
  ({ system: name, of, ways, ...patience }) =>
    attempt(async ({ signal }) => {
      const { client } = Context.current();
      const folder = await load(site.runbooks);
      const system = systemOf(folder, name);
      const { planned } = plansOf(folder, name, ways);
      const about = { client, folder, system, ways, planned, worker: site.site };
      const questions = of === 'whole' ? questionsOfWhole(about) : questionsOfSite(about);
      const [state, temporalHere, looks] = await Promise.all([
        folderState(site.runbooks),
        isTemporalHere(),
        askAll(questions, { ...patience, signal }),
        of === 'whole' ? undefined : renewOwnChecklists(site, folder, name, signal),
      ]);
      return { site: site.site, folder: state, temporalHere, looks };
    });
