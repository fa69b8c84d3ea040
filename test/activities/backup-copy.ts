import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../lab/ports.ts';
import type { HostFacts, SystemFacts } from '../../plan/plan.ts';
import { query } from '../query.ts';
import { backed, type Backed } from './backrest.ts';
import { sweepBelow } from './copies.ts';
import { carryOut, context, rehearse, type Options } from './estate.ts';

/**
 * A production of which a rehearsal makes a copy from its last backup: 5000 orders in that, ten more in the archive, one that is in
 * neither, and 40 items in a tablespace.
 */
export async function backupCopy() {
  const at = await backed();
  try {
    return { at, ...(await its(at)) };
  } catch (error) {
    await at.end();
    throw error;
  }
}

export type BackupCopy = Awaited<ReturnType<typeof backupCopy>>;

async function its(at: Backed) {
  at.as('mkdir', join(at.folder, 'places', 'far'));
  await at.sql(`create tablespace far location '${at.folder}/places/far'`);
  await at.sql('create table orders(id int primary key); insert into orders select generate_series(1, 5000)');
  await at.sql('create table items(id int) tablespace far; insert into items select generate_series(1, 40)');
  await at.sql('vacuum (freeze) items');
  await at.sql('grant execute on function pg_promote to lifeboat');
  const { outputs } = await carryOut('postgres.backup', { host: 'a-db', type: 'full' }, context(at));
  await at.sql('insert into orders select generate_series(5001, 5010)');
  await at.archive();
  await at.archive();
  await at.sql('insert into orders values (5011)');
  const [port] = (await freePorts(1)) as [number];
  const root = join(at.folder, 'places', 'copies');
  const data = `${root}/orders/database`;
  const { system, copy } = facts(at, root, data, port);
  const own = (options: Options = {}) =>
    context(at, { system, hosts: { ...at.hosts, [copy.name]: copy }, live: false, step: 'copy', ...options });
  const ask = <Row extends object>(text: string, login: { user?: string; database?: string } = {}): Promise<Row[]> =>
    query<Row>({ port, user: 'lifeboat', password: 'hunter2', database: 'orders', ...login }, text);
  return {
    /** Of its backup. */
    label: (outputs as { label: string }).label,
    root,
    data,
    port,
    system,
    own,
    make: (made = own()) => rehearse('copy.postgres', { host: copy.name }, made),
    /** One question to the copy, as steps ask it. */
    ask,
    rows: async () => (await ask<{ n: number }>('select count(*)::int as n from orders'))[0]!.n,
    /** The system with other words under `backups.postgres`. */
    changed: (postgres: object): SystemFacts => ({ ...system, backups: { postgres: { ...system.backups!.postgres!, ...postgres } } }),
    /** All of production that a copy could disturb: its rows, its repository, its queue of segments, its tablespace. */
    production: async () => [
      await at.sql('select (select count(*) from orders) as orders, (select count(*) from items) as items'),
      at.as('sh', '-c', `cd ${at.folder} && find repo spool places/far -type f -exec cksum {} + | sort`),
    ],
    /** Names of the segments that its archive holds, oldest first. */
    segments: () =>
      at
        .as('find', join(at.store.path, 'archive'), '-name', '0*-*.lz4', '-printf', '%f\n')
        .trim()
        .split('\n')
        .map((name) => name.slice(0, 24))
        .sort(),
    sweep: async () => {
      if (existsSync(root)) await sweepBelow(root, copy, at.owner, own());
    },
  };
}

function facts(at: Backed, root: string, data: string, port: number): { readonly system: SystemFacts; readonly copy: HostFacts } {
  const original = at.system.postgres!;
  const copy = { ...at.hosts['b-db']!, name: 'copy-of-b-db', copyOf: 'b-db', views: { default: { address: '127.0.0.1', ports: {} } } };
  const members = { ...original.members, 'site-b': copy.name };
  const postgres = { ...original, members, port, data: { ...original.data, 'site-b': data } };
  const copies = {
    root,
    expires: 3_600_000,
    inService: { postgres: original },
    postgres: { host: copy.name, of: 'b-db', original, from: 'backup' as const },
  };
  return { copy, system: { ...at.system, postgres, copies } };
}
