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
import { record } from './record.ts';

/** The run's own activities. The names are names on the wire. */
export const runActivities = (site: Site): RunActivities => ({
  'run.compile': compilePlan(site),
  'run.page': planPage(site),
  'run.children': childPlans(site),
  'run.preflight': preflight(site),
  'run.facts': facts(site),
  'run.borrow': borrow(),
  'run.return': giveBack(),
  'run.attest': attest(),
  'run.requester': requester(),
  'run.pollers': pollers(site),
  'run.measure': measure(),
  'run.record': record(site),
});
