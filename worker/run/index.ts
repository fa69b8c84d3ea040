import type { RunActivities } from '../../workflows/wire.ts';
import type { Site } from '../site.ts';
import { attest, requester } from './attest.ts';
import { borrow, giveBack } from './borrow.ts';
import { childPlans } from './children.ts';
import { compilePlan, planPage } from './compile.ts';
import { facts } from './facts.ts';
import { measure } from './measure.ts';
import { pollers } from './pollers.ts';
import { preflight } from './preflight.ts';
import { ready } from './ready/ready.ts';
import { survey } from './ready/survey.ts';
import { recall } from './recall.ts';
import { record } from './record.ts';
import { over, places, sweep } from './sweep.ts';
import { tell } from './tell.ts';

/** The run's own activities. The names are names on the wire. */
export const runActivities = (site: Site): RunActivities => ({
  'run.compile': compilePlan(site),
  'run.page': planPage(site),
  'run.children': childPlans(site),
  'run.preflight': preflight(site),
  'run.survey': survey(site),
  'run.ready': ready(site),
  'run.facts': facts(site),
  'run.borrow': borrow(),
  'run.return': giveBack(),
  'run.recall': recall(),
  'run.tell': tell(site),
  'run.attest': attest(),
  'run.requester': requester(),
  'run.pollers': pollers(site),
  'run.measure': measure(),
  'run.record': record(site),
  'run.sweep': sweep(site),
  'run.places': places(site),
  'run.over': over(),
});
