import { Context } from '@temporalio/activity';
import { StepError } from '../../../activities/error.ts';
import { siteFacts, systemFacts, waysOf } from '../../../plan/facts.ts';
import { notifyFacts } from '../../../plan/notify-facts.ts';
import type { SystemFacts } from '../../../plan/plan.ts';
import type { Direction } from '../../../plan/scope.ts';
import type { Promised, RunActivities, Way } from '../../../workflows/wire.ts';
import { attempt } from '../../attempt.ts';
import { knownAttributes } from '../../attributes.ts';
import type { Site } from '../../site.ts';
import { findCourse } from '../course.ts';
import { load, type Loaded } from '../folder.ts';
import { askAll } from './ask.ts';
import { plansOf } from './plans.ts';
import { scheduledFor, type Scheduled } from './schedules.ts';
import { stateOf } from './state.ts';

/** Who serves is to be known after so long, milliseconds. */
const within = 6_000;
/** How old a look may be where looks are scheduled and the inventory promises nothing else, milliseconds. */
const usual = 3_600_000;

/** `run.survey`: where the system could be moved from and to, and which sites would carry out any of it. */
export const survey =
  (site: Site): RunActivities['run.survey'] =>
  ({ system: name }) =>
    attempt(async ({ signal }) => {
      const { client } = Context.current();
      const folder = await load(site.runbooks);
      const system = systemOf(folder, name);
      let now: Direction | null = null;
      const whoServes = {
        subject: 'who serves',
        ask: async (until: AbortSignal) => {
          const { course, evidence } = await findCourse(site, folder.inventory, { system: name, kind: 'readiness' }, until);
          now = course;
          return { seen: [`${course.source} serves ${name}.`, ...evidence] };
        },
      };
      const [looks, attributes, scheduled, state] = await Promise.all([
        askAll([whoServes], { within, whole: within, signal }),
        knownAttributes(client.connection, site.namespace).catch(() => []),
        scheduledFor(client, folder, name).catch(() => null),
        stateOf(client, name).catch(() => null),
      ]);
      const ways = waysFrom(system, now);
      const plans = plansOf(folder, name, ways);
      return {
        ways,
        sites: sitesOf(system, [
          ...plans.planned.map(({ action }) => action.at),
          ...ways.flatMap(({ source, target }) => [source, target]),
        ]),
        pinned: ways[0]?.now ? { system, sites: siteFacts(folder.inventory.data), source: { site: ways[0].source } } : null,
        promised: promisedOf(system, scheduled, state?.promised),
        accepted: (state?.findings ?? []).filter((finding) => finding.state === 'accepted').map(({ id }) => id),
        notify: notifyFacts(folder.inventory.data),
        attributes,
        looks: [...looks, ...plans.looks],
      };
    });

export function systemOf({ inventory }: Loaded, name: string): SystemFacts {
  const system = systemFacts(inventory.data, name);
  if (system) return system;
  const known = Object.keys(inventory.data.systems).join(', ');
  throw new StepError('no-system', `The inventory has no system "${name}"; it has: ${known}.`, 'mistake');
}

/** The way that would be taken now, and the way back; every way, where it is not known who serves. */
function waysFrom(system: SystemFacts, now: Direction | null): readonly Way[] {
  const all = waysOf(system);
  if (now === null) return all.map(([source, target]) => ({ source, target, now: false }));
  const back = all.filter(([source, target]) => source === now.target && target === now.source && source !== target);
  return [{ source: now.source, target: now.target, now: true }, ...back.map(([source, target]) => ({ source, target, now: false }))];
}

/** Those that do something, and those that keep what is saved. */
function sitesOf({ backups: { postgres, files } = {} }: SystemFacts, named: readonly string[]): readonly string[] {
  const stores = [postgres?.stores, postgres?.copies, files?.stores, files?.copies].flatMap((all) => Object.values(all ?? {}));
  return [...new Set([...named, ...stores.map(({ site }) => site)])].toSorted();
}

/**
 * What the inventory promises, and that looks are made where they are scheduled. Where their schedule rests, or could not be asked for
 * (null), what was promised before stands. Pure.
 */
export function promisedOf({ promised = {} }: SystemFacts, scheduled: readonly Scheduled[] | null, before: Promised = {}): Promised {
  const looks = scheduled?.filter(({ entry }) => entry.kind === 'readiness');
  if (looks?.length === 0) return promised;
  const readiness = looks?.some(({ idle }) => idle === null) ? usual : before.readiness;
  return readiness === undefined ? promised : { readiness, ...promised };
}
