import { ChoiceError, chooseRunbook } from './choose.ts';
import type { Runbook, RunbookGate } from './grammar/runbook.ts';
import type { InventoryFile, RunbookFile } from './load.ts';
import type { Kind } from './plan.ts';
import type { Direction } from './scope.ts';

/** The system that stands for a whole site: what its lock is called. */
export const siteSystem = (site: string): string => `site-${site}`;

export interface WholeSite {
  readonly site: string;
  readonly kind: Kind;
  readonly inventory: InventoryFile;
  readonly runbooks: readonly RunbookFile[];
  /** Of every system whose direction is known. */
  readonly directions: ReadonlyMap<string, Direction>;
  /** Of every other, why it is not. */
  readonly unknown: ReadonlyMap<string, string>;
}

export interface SiteRunbook {
  readonly runbook: RunbookFile;
  /** What it leaves where it is, and why, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * The runbook of a whole site: a run of its own for every system that serves there (for a failback: that returns there), ordered by
 * tier and dependency, with one gate a tier. What cannot be moved is named at the first gate, with why. Throws a {@link ChoiceError}
 * where nothing can be.
 */
export function siteRunbook(whole: WholeSite): SiteRunbook {
  const { site, kind, inventory } = whole;
  const { moved, left } = concerned(whole);
  const notMoved = [...left].map(([name, why]) => `${name} ${words[kind].not}: ${why}`);
  if (moved.size === 0) throw new ChoiceError(`nothing of ${site} can be ${words[kind].done}: ${notMoved.slice(0, 5).join('; ')}`);
  const ids = idsFor([...moved.keys()]);
  const tiers = [...new Set([...moved.keys()].map((name) => inventory.data.systems[name]!.tier))].sort((a, b) => a - b);
  const steps: Runbook['steps'] = [];
  let before: string[] = [];
  for (const tier of tiers) {
    const names = [...moved.keys()].filter((name) => inventory.data.systems[name]!.tier === tier);
    const gate = `tier-${tier}`;
    if (kind !== 'backup')
      steps.push({
        id: gate,
        gate: `${words[kind].title} tier ${tier} of ${site}: ${listed(names)}`,
        needs: before,
        ...asked(names.map((name) => moved.get(name)!)),
        show: [
          ...names.slice(0, 30).map((name) => `${name}: ${wayOf(whole.directions.get(name)!, moved.get(name)!)}`),
          ...(names.length > 30 ? [`and: ${names.length - 30} more, which lifeboat plan --site ${site} lists`] : []),
          ...(kind === 'failover' ? [owed] : []),
          ...(tier === tiers[0] ? notMoved.slice(0, 30) : []),
        ],
      });
    for (const name of names) {
      const depends = inventory.data.systems[name]!['depends-on'].flatMap((other) => ids.get(other) ?? []);
      steps.push({
        id: ids.get(name)!,
        uses: 'runbook',
        needs: [...(kind === 'backup' ? before : [gate]), ...(kind === 'backup' ? [] : depends)],
        with: { runbook: moved.get(name)!.data.runbook, system: name },
        else: [],
        width: 20,
      });
    }
    before = kind === 'backup' ? [] : names.map((name) => ids.get(name)!);
  }
  const data: Runbook = {
    runbook: `${kind}-of-${site}`,
    kind,
    system: siteSystem(site),
    description: `${words[kind].title} every system of ${site}.`,
    objectives: {},
    rehearsal: { gates: 'stand-in', mode: 'unplanned', parameters: {} },
    parameters: {},
    steps,
  };
  return { runbook: { file: `site ${site}`, data, at: () => ({ line: 1, column: 1 }) }, notes: notMoved };
}

/** What two people who approve an unplanned run take upon them for each of its systems. */
const owed =
  'Where its API does not answer: what serves there cannot be cut off now, and is owed (pending fences, which fence.settle carries out first when it answers). Two who approve acknowledge that';

/** As many people, and of the same roles, as the gates of its runbooks ask: then they need not ask again. */
function asked(runbooks: readonly RunbookFile[]): Pick<RunbookGate, 'count' | 'approvers'> {
  const gates = runbooks.flatMap(({ data }) => data.steps.filter((step) => 'gate' in step));
  const [roles, ...others] = new Set(gates.map(({ approvers }) => JSON.stringify(approvers?.toSorted() ?? null)));
  const same = roles !== undefined && others.length === 0 ? (JSON.parse(roles) as string[] | null) : null;
  return { count: Math.max(1, ...gates.map(({ count }) => count)), ...(same === null ? {} : { approvers: same }) };
}

const words: { readonly [kind in Kind]: { readonly title: string; readonly not: string; readonly done: string } } = {
  backup: { title: 'Back up', not: 'is not backed up', done: 'backed up' },
  failover: { title: 'Move', not: 'is not moved', done: 'moved' },
  failback: { title: 'Take back', not: 'is not taken back', done: 'taken back' },
  restore: { title: 'Restore', not: 'is not restored', done: 'restored' },
};

function concerned({ site, kind, inventory, runbooks, directions, unknown }: WholeSite): {
  readonly moved: ReadonlyMap<string, RunbookFile>;
  readonly left: ReadonlyMap<string, string>;
} {
  const moved = new Map<string, RunbookFile>();
  const left = new Map<string, string>();
  for (const name of Object.keys(inventory.data.systems)) {
    const direction = directions.get(name);
    if (direction === undefined) {
      const why = unknown.get(name);
      if (why !== undefined) left.set(name, why);
      continue;
    }
    if ((kind === 'failback' ? direction.target : direction.source) !== site) continue;
    try {
      moved.set(name, chooseRunbook({ runbooks, system: name, kind, target: direction.target }));
    } catch (error) {
      if (!(error instanceof ChoiceError)) throw error;
      left.set(name, error.message);
    }
  }
  return { moved, left };
}

function wayOf({ source, target }: Direction, runbook: RunbookFile): string {
  return `${source} to ${target} by ${runbook.data.runbook}`;
}

function listed(names: readonly string[]): string {
  return names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`;
}

/** Ids have lower-case letters, digits and dashes; names of systems may have more. */
function idsFor(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    names.map((name) => {
      const stem = `system-${name.toLowerCase().replace(/[^a-z0-9-]/gu, '-')}`.slice(0, 55);
      let id = stem;
      for (let n = 2; taken.has(id); n += 1) id = `${stem}-${n}`;
      taken.add(id);
      return [name, id];
    }),
  );
}
