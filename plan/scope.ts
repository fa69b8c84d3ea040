import type { StepType } from '../activities/step.ts';
import { own, systemFacts } from './facts.ts';
import type { Inventory } from './grammar/inventory.ts';
import type { InventoryFile, RunbookFile } from './load.ts';
import { didYouMean, listed } from './nearest.ts';
import type { CopyFacts, Json, Plan, RehearsalFacts, SystemFacts } from './plan.ts';
import { liveRunbook } from './rehearsal/runbook.ts';
import { Problems } from './problem.ts';

/** What a runbook is compiled with. `source` and `target` are names of sites. */
export interface CompileInput {
  readonly runbook: RunbookFile;
  readonly inventory: InventoryFile;
  readonly types: readonly StepType[];
  readonly source: string;
  readonly target: string;
  readonly parameters?: { readonly [name: string]: Json };
  readonly revision?: string;
  /** All runbooks of the folder: those that `uses: runbook` may name. */
  readonly runbooks?: readonly RunbookFile[];
  /** Where other systems are worked on from and to; one that is not here goes the way of this one, where it can. */
  readonly directions?: ReadonlyMap<string, Direction>;
  /** A run of a whole site: its name. The runbook is made of the inventory, and its system only stands for the site. */
  readonly whole?: string;
  /** What else the plan shall warn of. */
  readonly notes?: readonly string[];
  /** Set where a rehearsal is compiled: the plan that a live run would have, where the copies lie, and where else something may be left. */
  readonly rehearsal?: { readonly live: Plan; readonly copies: CopyFacts; readonly places: RehearsalFacts['places'] };
  /** Runbooks that lead to this one by `uses: runbook`, the outermost first. */
  readonly above?: readonly RunbookFile[];
}

export interface Direction {
  readonly source: string;
  readonly target: string;
}

/** What there is to look names up in while a runbook is compiled. */
export interface Scope {
  readonly runbook: RunbookFile;
  readonly inventory: InventoryFile;
  readonly types: ReadonlyMap<string, StepType>;
  readonly system: SystemFacts | undefined;
  readonly source: string;
  readonly target: string;
  /** What references see: `target.site` and so on. */
  readonly known: { readonly [root: string]: Json };
  /** Inside a `for-each`: the name of its item. */
  readonly item?: string;
  readonly parameters: { readonly [name: string]: Json };
  /** Place of each step in the runbook, by id. The first where an id stands twice. */
  readonly ids: ReadonlyMap<string, number>;
  /** True: parameters that must be given are taken as given. */
  readonly draft: boolean;
  readonly input: CompileInput;
  readonly problems: Problems;
  readonly warnings: Problems;
}

/** `draft`: only checks; values of required parameters are not known. */
export function scopeOf(input: CompileInput, draft: boolean): Scope {
  const { inventory, types, source, target } = input;
  const runbook = input.rehearsal === undefined ? liveRunbook(input.runbook) : input.runbook;
  const problems = new Problems();
  const facts: SystemFacts | undefined =
    input.whole === undefined ? systemFacts(inventory.data, runbook.data.system) : { name: runbook.data.system, tier: 0 };
  const system = facts && input.rehearsal ? { ...facts, copies: input.rehearsal.copies } : facts;
  if (system === undefined)
    problems.add(
      runbook,
      ['system'],
      `the inventory has no system "${runbook.data.system}"`,
      didYouMean(runbook.data.system, Object.keys(inventory.data.systems), 'systems'),
    );
  const parameters = parametersOf(input, draft, problems);
  const known = {
    source: siteTree(source, system, inventory.data),
    target: siteTree(target, system, inventory.data),
    hosts: hostTree(inventory.data),
    values: inventory.data.values,
    system: { name: runbook.data.system, tier: system?.tier ?? null },
    runbook: { name: runbook.data.runbook, kind: runbook.data.kind },
    parameters,
  };
  const ids = new Map<string, number>();
  runbook.data.steps.forEach(({ id }, index) => {
    if (!ids.has(id)) ids.set(id, index);
    else {
      const first = runbook.at(['steps', ids.get(id)!, 'id']).line;
      problems.add(runbook, ['steps', index, 'id'], `the id "${id}" is already taken, on line ${first}`, 'give each step an id of its own');
    }
  });
  const byName = new Map(types.map((type) => [type.name, type]));
  return {
    runbook,
    inventory,
    types: byName,
    system,
    source,
    target,
    known,
    parameters,
    ids,
    draft,
    input,
    problems,
    warnings: new Problems(),
  };
}

const hostTrees = new WeakMap<Inventory, Json>();

/** Made once of an inventory: a run of a whole site compiles hundreds of plans against it. */
function hostTree(inventory: Inventory): Json {
  const known = hostTrees.get(inventory);
  if (known !== undefined) return known;
  const tree = Object.fromEntries(
    Object.entries(inventory.hosts).map(([name, { site, address }]) => [name, { site, address: address ?? name }]),
  );
  hostTrees.set(inventory, tree);
  return tree;
}

function siteTree(site: string, system: SystemFacts | undefined, inventory: Inventory): Json {
  const pair = system?.postgres;
  const host = pair && own(pair.members, site);
  const saved = system?.backups?.files && own(system.backups.files.hosts, site);
  const addressOf = (name: string): string => own(inventory.hosts, name)?.address ?? name;
  const files = saved === undefined ? {} : { files: { host: saved, address: addressOf(saved) } };
  const cloud = cloudTree(site, system, inventory);
  if (pair === undefined || host === undefined) return { site, ...cloud, ...files };
  const bin = own(pair.bin, site);
  return {
    site,
    ...cloud,
    ...files,
    postgres: {
      host,
      address: addressOf(host),
      port: pair.port,
      database: pair.database,
      user: pair.user,
      data: own(pair.data, site) ?? null,
      ...(bin === undefined ? {} : { bin }),
    },
  };
}

function cloudTree(site: string, system: SystemFacts | undefined, inventory: Inventory): { readonly [name: string]: Json } {
  const { region, account } = own(inventory.sites, site) ?? {};
  const { rds, resources, traffic } = system ?? {};
  const identifier = traffic && own(traffic.identifiers, site);
  const member = rds && own(rds.members, site);
  const here = resources && own(resources, site);
  return {
    ...(region === undefined ? {} : { region }),
    ...(account === undefined ? {} : { account }),
    ...(rds === undefined || member === undefined
      ? {}
      : { rds: { id: member, ...(rds.global === undefined ? {} : { global: rds.global }) } }),
    ...(here === undefined ? {} : { resources: here }),
    ...(traffic === undefined || identifier === undefined
      ? {}
      : { traffic: { zone: traffic.zone, record: traffic.record, type: traffic.type, identifier } }),
  };
}

function parametersOf({ runbook, parameters: given = {} }: CompileInput, draft: boolean, problems: Problems): { [name: string]: Json } {
  const declared = runbook.data.parameters;
  const names = Object.keys(declared);
  const values: { [name: string]: Json } = {};
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(declared, name)) continue;
    const fix = names.length === 0 ? 'this runbook takes none' : didYouMean(name, names, 'parameters');
    problems.add(runbook, ['parameters'], `"${name}" is not a parameter of ${runbook.data.runbook}`, fix, 'key');
  }
  for (const [name, { type, default: standard, required, description }] of Object.entries(declared)) {
    const path = ['parameters', name];
    if (standard !== undefined && typeof standard !== type)
      problems.add(runbook, [...path, 'default'], `the default of "${name}" is no ${type}`, `write a ${type}`);
    const value = own(given, name) ?? undefined;
    const read = value === undefined ? standard : coerced(value, type);
    if (value !== undefined && read === undefined)
      problems.add(
        runbook,
        path,
        `the parameter "${name}" must be a ${type}, not ${JSON.stringify(value)}`,
        `give a ${type}: ${description}`,
        'key',
      );
    else if (read === undefined && required && !draft)
      problems.add(runbook, path, `the parameter "${name}" must be given`, `give it when the run is started: ${description}`, 'key');
    if (read !== undefined) values[name] = read;
  }
  return values;
}

/** A command line gives every value as text. */
function coerced(value: Json, type: 'string' | 'number' | 'boolean'): string | number | boolean | undefined {
  if (typeof value === type) return value as string | number | boolean;
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return String(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  if (type === 'number' && typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value)) return Number(value);
  return undefined;
}

/** Names that can follow in a tree, for messages. */
export function namesIn(tree: Json | undefined): string {
  return typeof tree === 'object' && tree !== null ? listed(Object.keys(tree)) : '';
}
