import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { service } from '../../activities/aws/client.ts';
import { countsIn } from '../../activities/rds/counted.ts';
import { selfSigned } from '../../lab/certificate.ts';
import type { RdsFacts } from '../../plan/plan.ts';
import { called } from './called.ts';
import { cloud, type Cloud } from './cloud.ts';
import { databases, type Databases } from './databases.ts';
import { carryOut, failure, rehearse, typeOf, until } from './estate.ts';
import { pairOf, type Pair } from './rds-pair.ts';

const name = 'rds.compare';
/** The name on the servers' certificate: that of the endpoint of `shop-db-west`. */
const shown = 'shop-db-west.aaaaaaaaaa.us-west-2.rds.amazonaws.com';
const input = { site: 'west', id: 'shop-db-west' };
const original = { site: 'east', id: 'shop-db' };
type Done = Awaited<ReturnType<typeof carryOut>> & {
  outputs: { compared: string[]; rows: number; tables: { [table: string]: { rows: number; checksum: string } } };
};
const content = `
  drop schema if exists shop cascade; create schema shop; create schema if not exists other;
  create table shop.orders (id int generated always as identity primary key, what text, at timestamptz default '2026-11-22 10:00+00');
  create table shop."Odd name" (a int, b float8);
  insert into shop.orders (what) select 'order ' || n from generate_series(1, 100) n;
  insert into shop."Odd name" values (1, 0.1), (2, 'NaN'), (1, 0.1);`;

/** The member at west stands for a restored instance: its rows are those of a second server. */
describe(name, () => {
  let servers: Databases;
  let at: Cloud;
  let pair: Pair;
  let rds: RdsFacts;
  before(async () => (servers = await databases(selfSigned('databases', 30, shown))));
  after(() => servers.end());
  beforeEach(async () => {
    at = await cloud();
    pair = await pairOf(at);
    const [east, west] = servers.ports.map((port) => ({ address: '127.0.0.1', port }));
    const login = { user: 'lifeboat', password: servers.password };
    rds = { ...pair.system.rds!, database: 'shop', login, connect: { east: east!, west: west! } };
    await Promise.all([servers.sql(0, content), servers.sql(1, content)]);
  });
  const context = (more: Partial<RdsFacts> = {}, options: Parameters<Cloud['context']>[0] = {}) =>
    at.context({ ...options, system: { rds: { ...rds, ...more } } });
  const compare = async (wanted: object = {}, made = context()): Promise<Done> =>
    (await carryOut(name, { ...input, original, ...wanted }, made)) as Done;

  it('finds two databases the same, row by row, whatever the order of their rows', async () => {
    await servers.sql(1, 'update shop.orders set what = what where id < 50');
    const { outputs, evidence, backups } = await compare();
    assert.equal(outputs.rows, 103);
    assert.deepEqual([outputs.tables['shop."Odd name"']?.rows, outputs.tables['shop.orders']?.rows], [3, 100]);
    assert.match(evidence.join(), /2 tables and 1 sequences are those of shop-db at east, by count and checksum/u);
    assert.deepEqual(backups, []);
  });

  const differences: readonly (readonly [string, string, RegExp])[] = [
    ['a row that is missing', 'delete from shop.orders where id = 7', /shop\.orders has 99 rows instead of 100/u],
    [
      'a row that is changed',
      `update shop.orders set what = 'other' where id = 7`,
      /shop\.orders has 100 rows, of which some are not the same/u,
    ],
    ['a table that is missing', 'drop table shop."Odd name"', /shop\."Odd name" is missing/u],
    ['a table too many', 'create table shop.new (a int)', /shop\.new is not in the original/u],
    ['a sequence that lags', `select setval('shop.orders_id_seq', 50)`, /sequence shop\.orders_id_seq stands at 50 instead of 100/u],
    ['a sequence far ahead', `select setval('shop.orders_id_seq', 200)`, /stands at 200 instead of 100/u],
  ];
  for (const [what, change, says] of differences)
    it(`finds ${what}`, async () => {
      await servers.sql(1, change);
      const found = await failure(compare());
      assert.deepEqual([found.code, found.remedy], ['content-differs', 'person']);
      assert.match(found.message, says);
    });

  it('takes a sequence as it is after a crash, some values ahead', async () => {
    await servers.sql(1, `select setval('shop.orders_id_seq', 132)`);
    await compare();
  });

  it('compares with an original that is written to by the part of its rows that must be there', async () => {
    await servers.sql(0, `insert into shop.orders (what) select 'later' from generate_series(1, 100)`);
    assert.equal((await failure(compare())).code, 'content-differs');
    assert.match((await failure(compare({ 'at-least': 0.9 }))).message, /shop\.orders has 100 rows instead of at least 180 of 200/u);
    const { outputs } = await compare({ 'at-least': 0.5 });
    assert.match(outputs.compared.join(), /at least 50 % of the rows/u);
  });

  it('compares content that is named as fixed by its digest', async () => {
    const query = `select id, what from shop.orders where id <= 2`;
    const digest = createHash('sha256').update('(1,"order 1")\n(2,"order 2")').digest('hex');
    const { outputs } = await compare({ original: undefined, fixed: [{ query, digest }] });
    assert.match(outputs.compared.join(), /digests of 1 fixed contents/u);
    const found = await failure(compare({ original: undefined, fixed: [{ query, digest: '00' }] }));
    assert.ok(found.code === 'content-differs' && found.message.includes(digest));
  });

  it('fails where there is nothing to compare: no original, an empty database, another engine, no login', async () => {
    const nothing = async (wanted: object, made = context()) => {
      const found = await failure(compare(wanted, made));
      assert.deepEqual([found.code, found.remedy], ['nothing-compared', 'person']);
      return found.message;
    };
    assert.match(await nothing({ original: undefined }), /nothing to compare/u);
    assert.match(await nothing({}, context({ database: 'postgres' })), /holds no row/u);
    const { login: _, ...without } = rds;
    const anonymous = at.context({ system: { rds: without } });
    assert.match(await nothing({}, anonymous), /no login/u);
    const api = await service('rds', 'west', context());
    const login = { MasterUsername: 'shop', MasterUserPassword: 'only-for-this-test' };
    const made = { DBInstanceIdentifier: 'mysql', Engine: 'mysql', DBInstanceClass: 'db.m7g.large', AllocatedStorage: 20 };
    await api.createDBInstance({ ...made, ...login });
    assert.match(await nothing({ id: 'mysql' }), /only PostgreSQL is read/u);
    assert.equal((await failure(typeOf(name).preflight({ ...input, original }, anonymous))).code, 'nothing-compared');
  });

  it('proves the backup that the instance was restored from, by the rows that were counted around it', async () => {
    const saved = { site: 'east', id: 'shop-db', name: 'nightly' };
    const taken = await carryOut('rds.snapshot', saved, context());
    assert.deepEqual((taken.outputs as { rows: unknown }).rows, {
      before: { 'shop."Odd name"': 3, 'shop.orders': 100 },
      after: { 'shop."Odd name"': 3, 'shop.orders': 100 },
    });
    const copied = await carryOut('rds.copy-snapshot', { site: 'west', from: 'east', snapshot: 'nightly' }, context());
    const { arn } = copied.outputs as { arn: string };
    await (await service('rds', 'west', context())).deleteDBInstance({ DBInstanceIdentifier: 'shop-db-west', SkipFinalSnapshot: true });
    const restore = { site: 'west', snapshot: arn, id: 'shop-db-west', subnets: 'shop', groups: [pair.west.group] };
    await carryOut('rds.restore', restore, context());
    const backup = { label: 'nightly', store: 'west' };
    const { outputs, backups } = await compare({ original: undefined, backup });
    assert.match(outputs.compared.join(), /rows of 2 tables lie between those counted just before and just after/u);
    const [news] = backups!;
    assert.deepEqual([news?.store, news?.holds, news?.complete, news?.backups.length], ['west', 'database', false, 1]);
    const [proven] = news!.backups;
    assert.deepEqual([proven?.label, proven?.compared], ['nightly', outputs.compared]);
    assert.ok(Date.parse(proven!.provenAt!) <= Date.now());
    await servers.sql(1, 'delete from shop.orders where id = 7');
    assert.match((await failure(compare({ original: undefined, backup }))).message, /shop\.orders has 99 rows instead of 100/u);
    const other = await failure(compare({ backup: { label: 'nightly', store: 'east' } }));
    assert.deepEqual([other.code, other.remedy], ['not-of-this-backup', 'mistake']);
  });

  it('proves no backup by an instance that was not restored from it', async () => {
    await carryOut('rds.snapshot', { site: 'east', id: 'shop-db', name: 'nightly' }, context());
    assert.equal((await failure(compare({ backup: { label: 'nightly', store: 'east' } }))).code, 'not-of-this-backup');
    assert.equal((await failure(compare({ backup: { label: 'gone', store: 'east' } }))).code, 'rds-no-snapshot');
  });

  it('takes a backup that cannot be counted all the same', async () => {
    const made = context({ login: { user: 'lifeboat', password: servers.wrong } });
    const { outputs, evidence } = await carryOut('rds.snapshot', { site: 'east', id: 'shop-db', name: 'nightly' }, made);
    assert.deepEqual([(outputs as { rows: unknown }).rows], [null]);
    assert.match(evidence.join(), /No rows were counted/u);
    const rdsApi = await service('rds', 'east', made);
    const { DBSnapshots = [] } = await rdsApi.describeDBSnapshots({ DBSnapshotIdentifier: 'nightly' });
    assert.equal(countsIn('before', DBSnapshots[0]?.TagList), undefined);
  });

  it('needs a person where the login is wrong, and is tried again where nobody answers; no password is told', async () => {
    const refused = await failure(compare({}, context({ login: { user: 'lifeboat', password: servers.wrong } })));
    assert.deepEqual([refused.code, refused.remedy], ['postgres-login', 'person']);
    assert.doesNotMatch(refused.message, /no-such-password/u);
    const dead = await failure(compare({}, context({ connect: { ...rds.connect, east: { address: '127.0.0.1', port: 1 } } })));
    assert.deepEqual([dead.code, dead.remedy], ['postgres-unreachable', 'again']);
    assert.equal((await failure(compare({ id: 'shop-dx' }))).code, 'rds-no-instance');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(compare())).code, /^aws-(?:unreachable|lost)$/u);
  });

  it('reads over TLS alone what is not at this machine, from whom AWS says that it is', async () => {
    // Not a loopback address by its number, and the same machine.
    const away = { address: '0.0.0.0', port: servers.ports[1] };
    const { certificate: certificates } = servers;
    const west = { ...rds.connect, west: away };
    await compare({}, context({ connect: west, certificates }));
    const refused = async (more: Partial<RdsFacts>) => {
      const found = await failure(compare({}, context(more)));
      assert.deepEqual([found.code, found.remedy], ['postgres-tls', 'person']);
      return found.message;
    };
    assert.match(await refused({ connect: west }), /self-signed/u);
    assert.match(await refused({ connect: { ...west, east: away }, certificates }), /does not match certificate/u);
    await servers.sql(1, 'alter system set ssl = off');
    await servers.sql(1, 'select pg_reload_conf()');
    try {
      await until('the server to speak no TLS', async () => /does not support SSL/u.test(await refused({ connect: west, certificates })));
    } finally {
      await servers.sql(1, 'alter system reset ssl');
      await servers.sql(1, 'select pg_reload_conf()');
    }
  });

  it('compares nothing with itself, and takes no wildcard', async () => {
    assert.equal((await failure(compare({ original: input }))).code, 'same-instance');
    for (const wrong of [{ id: '*' }, { id: '' }, { 'at-least': 0 }, { backup: { label: '*', store: 'east' } }])
      assert.throws(() => typeOf(name).input.parse({ ...input, ...wrong }));
  });

  it('says nothing is compared where no attempt did', async () => {
    assert.equal((await failure(typeOf(name).verify({ ...input, original }, context()))).code, 'not-compared');
  });

  it('is the same in a rehearsal, changes nothing, and calls only what it declares', async () => {
    const made = context();
    const wanted = { ...input, original };
    const before = await at.ledger();
    const told = await called(name, 'preflight', async () =>
      assert.match((await typeOf(name).preflight(wanted, made)).join(' '), /shop-db at east answers, and has 2 tables/u),
    );
    assert.ok(told.length > 0);
    await called(name, 'execute', () => compare({}, made));
    await called(name, 'rehearse', () => rehearse(name, wanted, context({}, { live: false })));
    assert.deepEqual(await at.ledger(), before);
  });
});
