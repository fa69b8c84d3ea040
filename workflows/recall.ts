import { siteQueue, type Recalled } from './wire.ts';
import { control } from './activities.ts';
import type { PlanHeader } from '../plan/plan.ts';

type Pinned = Pick<PlanHeader, 'system' | 'sites' | 'source'>;

/** A site that is dead keeps nobody waiting. */
const patience = '4 seconds';

/** What the record stores of all sites remember of a system whose workflow was lost, or never was. */
export async function recall({ pinned }: { readonly pinned: Pinned }): Promise<Recalled> {
  const { system, sites, source } = pinned;
  const stores = Object.entries(sites).flatMap(([site, { records }]) => (records === undefined ? [] : [{ site, folder: records }]));
  const aws = Object.fromEntries(Object.entries(sites).flatMap(([site, facts]) => (facts.aws ? [[site, facts.aws]] : [])));
  const answers = await Promise.all(
    stores.map(({ site, folder }) =>
      control(`what ${site} remembers`, { taskQueue: siteQueue(site), startToCloseTimeout: patience, scheduleToCloseTimeout: patience })
        ['run.recall']({ system: system.name, site, folder, aws })
        .catch(() => ({ from: [`the records at ${site} could not be read`], runs: [], head: null })),
    ),
  );
  const heads = answers.flatMap(({ head }) => head ?? []).toSorted((one, other) => other.count - one.count);
  const { postgres, rds } = system;
  const serving = [postgres?.members[source.site], rds && `${source.site}/${rds.members[source.site]}`];
  return {
    from: answers.flatMap(({ from }) => from),
    runs: answers.flatMap(({ runs }) => runs),
    head: heads[0] ?? null,
    serving: serving.filter((name) => name !== undefined),
  };
}
