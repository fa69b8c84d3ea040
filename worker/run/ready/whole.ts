import type { Client } from '@temporalio/client';
import { own } from '../../../plan/facts.ts';
import type { SystemFacts } from '../../../plan/plan.ts';
import type { SystemState, Way } from '../../../workflows/wire.ts';
import type { Loaded } from '../folder.ts';
import type { Question } from './ask.ts';
import { covered, valuablesOf, type Cover } from './coverage.ts';
import { knownQuestions } from './known.ts';
import type { Planned } from './planned.ts';
import { scheduledFor } from './schedules.ts';
import { stateOf } from './state.ts';
import { temporalQuestions } from './temporal.ts';

interface About {
  readonly client: Client;
  readonly folder: Loaded;
  readonly system: SystemFacts;
  readonly ways: readonly Way[];
  readonly planned: readonly Planned[];
}

/** What concerns no site alone: what is known of the system, whether everything of it is saved, and where Temporal stands. */
export function questionsOfWhole({ client, folder, system, ways, planned }: About): Question[] {
  const { data: inventory } = folder.inventory;
  const state = once(() => stateOf(client, system.name));
  const cover = once(() => coverOf({ client, folder, system, planned }, state));
  const source = (ways.find(({ now }) => now) ?? ways[0])?.source;
  const valuables = source === undefined ? [] : valuablesOf(system, source);
  return [
    ...temporalQuestions(inventory, ways),
    ...knownQuestions(system, system.promised ?? {}, state),
    ...valuables.map((valuable) => ({ subject: valuable.subject, ask: async () => covered(valuable, await cover()) })),
  ];
}

async function coverOf(
  { client, folder, system, planned }: Pick<About, 'client' | 'folder' | 'system' | 'planned'>,
  state: () => Promise<SystemState | null>,
): Promise<Cover> {
  const { stores, hosts } = folder.inventory.data;
  const [known, scheduled] = await Promise.all([state(), scheduledFor(client, folder, system.name)]);
  return {
    saving: planned.filter(({ plan, now }) => now && plan.kind === 'backup'),
    scheduled,
    backups: known?.backups ?? [],
    promised: system.promised?.backup,
    // What lies in a region of AWS is named after it.
    siteOf: (store) => own(hosts, own(stores, store)?.host ?? '')?.site ?? store,
  };
}

/** Many ask the same. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= work());
}
