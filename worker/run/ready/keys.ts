import { StepError } from '../../../activities/error.ts';
import { types } from '../../../activities/index.ts';
import type { StoreFacts, SystemFacts } from '../../../plan/plan.ts';
import type { Question } from './ask.ts';
import { lookContext } from './look-context.ts';
import type { Local } from './of-site.ts';

/** Whether this site opens what the others have saved for the day they are gone, with its own key. */
export function keyQuestions({ system, ways, worker, planned, hosts, looking }: Local): Question[] {
  const [one] = planned;
  if (one === undefined || !ways.some(({ target }) => target === worker)) return [];
  const check = types.find(({ name }) => name === 'store.check')!;
  const serving = ways.find(({ now }) => now)?.source;
  return vaultsFor(system, worker).map(({ store, host, from }) => ({
    subject: `key of ${store.name} on ${host}`,
    ask: async (signal) => {
      const action = { at: worker, hosts };
      const context = lookContext({ plan: one.plan, node: { id: 'key' }, action, before: { promoted: [], changed: [] } }, looking(signal));
      const opened = check.preflight({ host, store: store.name, deletion: 'not-tried' }, context);
      if (from === serving) return { seen: await opened };
      return opened.then(
        (seen) => ({ seen }),
        (error: unknown) => {
          if (!(error instanceof StepError) || error.code !== 'store-missing') throw error;
          return { seen: [`${store.name} is not there yet: the first backup at ${from} makes it.`] };
        },
      );
    },
  }));
}

interface Vault {
  readonly store: StoreFacts;
  readonly host: string;
  /** The site whose copies lie there. */
  readonly from: string;
}

/** Stores of restic with the copies of the other sites, each with the host of this site that would read it. */
function vaultsFor(system: SystemFacts, site: string): Vault[] {
  const { files, postgres } = system.backups ?? {};
  const found = new Map<string, Vault>();
  for (const copies of [files?.copies, postgres?.copies]) {
    for (const [from, store] of Object.entries(copies ?? {})) {
      const host = files?.hosts[site] ?? (store.site === site ? store.host.name : system.postgres?.members[site]);
      if (from !== site && store.tool === 'restic' && host !== undefined) found.set(store.name, { store, host, from });
    }
  }
  return [...found.values()];
}
