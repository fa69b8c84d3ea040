import { ChoiceError, chooseRunbook } from './choose.ts';
import type { Runbook } from './grammar/runbook.ts';
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

/**
 * The runbook of a whole site: a run of its own for every system that serves there (for a failback: that returns there), ordered by
 * tier and dependency, with one gate a tier. What cannot be moved is named at the first gate, with why.
 */
export function siteRunbook(whole: WholeSite): RunbookFile {
  const { site, kind, inventory } = whole;
  const { moved, left } = concerned(whole);
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
        gate: `${words[kind]} tier ${tier} of ${site}: ${listed(names)}`,
        needs: before,
        count: 1,
        show: [
          ...names.slice(0, 30).map((name) => `${name}: ${wayOf(whole.directions.get(name)!, moved.get(name)!)}`),
          ...(names.length > 30 ? [`and: ${names.length - 30} more, which lifeboat plan --site ${site} lists`] : []),
          ...(tier === tiers[0] ? [...left].slice(0, 30).map(([name, why]) => `${name} is not moved: ${why}`) : []),
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
    description: `${words[kind]} every system of ${site}.`,
    objectives: {},
    parameters: {},
    steps,
  };
  return { file: `site ${site}`, data, at: () => ({ line: 1, column: 1 }) };
}

const words: { readonly [kind in Kind]: string } = {
  backup: 'Back up',
  failover: 'Move',
  failback: 'Take back',
  restore: 'Restore',
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
      moved.set(name, chooseRunbook({ runbooks, system: name, kind }));
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
