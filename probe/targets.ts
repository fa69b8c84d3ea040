import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

/** Where something listens, seen from outside the sites. */
export interface Place {
  readonly host: string;
  readonly site: string;
  readonly address: string;
  readonly port: number;
}
/** A system that is probed. */
export interface Target {
  readonly system: string;
  /** Milliseconds between two markers. */
  readonly every: number;
  /** How many good markers in a row count as served again. */
  readonly good: number;
  readonly database: string;
  readonly user: string;
  /** Reference to a secret: `env:NAME` or `file:PATH`. */
  readonly password: string | null;
  readonly members: readonly Place[];
  /** Where each member's host gives its sign of life. */
  readonly alive: readonly Place[];
}
export interface Login {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/**
 * Reads from an inventory what the probe needs. `login` stands in for the inventory's own, which belongs to those who promote.
 * Throws with a sentence that names file and field.
 */
export async function readTargets(file: string, login: Login = {}): Promise<Target[]> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`There is no inventory at ${file}. Name it with --inventory FILE, or its folder with --runbooks FOLDER.`);
  });
  const read = inventory.safeParse(parse(text, { maxAliasCount: 100 }));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new Error(`${file}: ${issue?.path.join('.')}: ${issue?.message}. "lifeboat check" says more.`);
  }
  const { hosts, systems } = read.data;
  const place = (name: string, port: number): Place => {
    const host = hosts[name];
    if (!host) throw new Error(`${file}: there is no host ${name}.`);
    const view = host['seen-from']?.['outside'];
    return {
      host: name,
      site: host.site,
      address: view?.address ?? host.address,
      port: (view?.ports ?? host.ports ?? {})[String(port)] ?? port,
    };
  };
  return Object.entries(systems).flatMap(([system, { postgres, probe }]) => {
    if (!postgres || !probe) return [];
    const names = Object.values(postgres.members);
    const target: Target = {
      system,
      every: milliseconds(probe.every),
      good: probe.good,
      database: postgres.database,
      user: login.user ?? postgres.login.user,
      password: login.password ?? postgres.login.password ?? null,
      members: names.map((name) => place(name, postgres.port)),
      alive: names.map((name) => place(name, hosts[name]?.alive ?? 22)),
    };
    return [target];
  });
}

/** Resolves `env:NAME` or `file:PATH`. */
export async function secret(reference: string): Promise<string> {
  if (reference.startsWith('env:')) {
    const value = process.env[reference.slice(4)];
    if (value === undefined) throw new Error(`${reference}: the variable is not set.`);
    return value;
  }
  if (reference.startsWith('file:')) return (await readFile(reference.slice(5), 'utf8')).trim();
  throw new Error('A secret is given as env:NAME or file:PATH.');
}

const view = z.looseObject({ address: z.string().optional(), ports: z.record(z.string(), z.number()).optional() });
const host = z.looseObject({
  site: z.string(),
  address: z.string(),
  ports: z.record(z.string(), z.number()).optional(),
  'seen-from': z.record(z.string(), view).optional(),
  alive: z.number().optional(),
});
const system = z.looseObject({
  postgres: z
    .looseObject({
      members: z.record(z.string(), z.string()),
      port: z.number().default(5432),
      database: z.string().default('postgres'),
      login: z.looseObject({ user: z.string(), password: z.string().optional() }),
    })
    .optional(),
  probe: z.looseObject({ every: z.string().default('1 second'), good: z.number().int().min(1).default(5) }).optional(),
});
const inventory = z.looseObject({ hosts: z.record(z.string(), host), systems: z.record(z.string(), system) });

const units: { readonly [word: string]: number } = { millisecond: 1, second: 1000, minute: 60_000 };

function milliseconds(words: string): number {
  const [, count, unit] = /^(\d+) (millisecond|second|minute)s?$/.exec(words) ?? [];
  if (!count || !unit) throw new Error(`"${words}" is no interval between markers: write it as "100 milliseconds".`);
  return Number(count) * units[unit]!;
}
