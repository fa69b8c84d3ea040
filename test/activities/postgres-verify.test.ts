import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { SystemFacts } from '../../plan/plan.ts';
import { Log } from '../../probe/log.ts';
import type { Prober } from '../../probe/prober.ts';
import { serve } from '../../probe/service.ts';
import { backed, canBackUp, type Backed } from './backrest.ts';
import { carryOut, context, failure, typeOf, until } from './estate.ts';

const fixedQuery = `select 'always' as word`;

describe('postgres.verify', function () {
  this.timeout(120_000);
  const input = { host: 'b-db' };
  let at: Backed;
  let label: string;
  let log: Log;
  let probe: Server;
  let probed: SystemFacts;
  before(async function () {
    if (!canBackUp()) this.skip();
    at = await backed();
    await at.sql(
      'create table orders(id int primary key, item text); insert into orders select g, repeat(md5(g::text), 20) from generate_series(1, 5000) g',
    );
    await at.sql(
      'create table lifeboat_markers(id uuid primary key, probe text not null, seq bigint not null, at timestamptz not null default now())',
    );
    await at.sql('grant select on lifeboat_markers to lifeboat');
    log = new Log(join(at.folder, 'probe'), 'orders');
    for (let seq = 1; seq <= 20; seq += 1) await marker(seq, true);
    probe = await serve([{ target: { system: 'orders' }, log } as unknown as Prober], 0);
    const url = `http://127.0.0.1:${(probe.address() as AddressInfo).port}`;
    probed = { ...at.system, probe: { url, every: 100, good: 5 } };
    label = await backup();
  });
  after(async () => {
    probe?.close();
    await at?.end();
  });
  const marker = async (seq: number, written: boolean) => {
    const id = randomUUID();
    if (written) await at.sql(`insert into lifeboat_markers(id, probe, seq) values ('${id}', '${log.probe}', ${seq})`);
    log.acknowledge({ id, seq, at: Date.now() });
  };
  const backup = async () =>
    ((await carryOut('postgres.backup', { host: 'a-db', type: 'full' }, context(at))).outputs as { label: string }).label;
  const leftovers = () => readdirSync(join(at.folder, 'other'));

  it('changes nothing in its preflight, and is not carried out where the backup was taken', async () => {
    assert.match((await typeOf('postgres.verify').preflight(input, context(at))).join(' '), new RegExp(`${label}.*bytes free`));
    const error = await failure(typeOf('postgres.verify').preflight({ host: 'a-db' }, context(at)));
    assert.deepEqual([error.code, error.remedy], ['not-elsewhere', 'mistake']);
    assert.deepEqual(leftovers(), []);
  });

  it('proves a backup: verified by its tool, restored elsewhere, read whole, counted, its markers exact', async () => {
    for (let seq = 21; seq <= 30; seq += 1) await marker(seq, true);
    const made = context(at, { system: probed });
    const { outputs, backups, evidence } = await carryOut('postgres.verify', { ...input, label }, made);
    const said = (outputs as { compared: string[] }).compared.join(' ');
    assert.match(said, /pgbackrest verify read \d{3,} files of .* all valid\./);
    assert.match(said, /amcheck read \d+ tables and \d+ indexes in 2 databases and found no damage\./);
    assert.match(said, /The rows of 1 tables lie between .*: public\.orders 5000\./);
    assert.match(said, /All 20 markers that the probe knows up to number 20 are there\./);
    assert.match(evidence.join(' '), /is proven/);
    const [proven] = backups?.[0]?.backups.filter((one) => one.label === label) ?? [];
    assert.ok(Date.now() - Date.parse(proven?.provenAt ?? '') < 60_000);
    assert.ok(proven!.compared.length >= 4);
    assert.deepEqual(leftovers(), [], 'the scratch copy is gone');
  });

  it('is not proven by anybody who did not compare', async () => {
    assert.equal((await failure(typeOf('postgres.verify').verify(input, context(at)))).code, 'not-verified');
  });

  it('compares what is named as fixed, and answers a wrong digest with the right one', async () => {
    const wrong = await failure(carryOut('postgres.verify', { ...input, fixed: [{ query: fixedQuery, digest: '0' }] }, context(at)));
    assert.equal(wrong.code, 'content-differs');
    const [, digest] = /has the digest ([0-9a-f]{64})/.exec(wrong.message)!;
    const { outputs } = await carryOut('postgres.verify', { ...input, fixed: [{ query: fixedQuery, digest }] }, context(at));
    assert.match((outputs as { compared: string[] }).compared.join(' '), /The digests of 1 fixed contents/);
    assert.deepEqual(leftovers(), []);
  });

  it('stays unproven where an acknowledged marker is not in the backup, and where the probe is silent', async () => {
    await marker(31, false);
    await marker(32, true);
    const newest = await backup();
    const lost = await failure(carryOut('postgres.verify', { ...input, label: newest }, context(at, { system: probed })));
    assert.deepEqual([lost.code, lost.remedy], ['markers-lost', 'person']);
    assert.match(lost.message, /1 of the last 32 are missing/);
    // What an interruption has cost was told when it was over; backups after it are not doubted for it.
    log.missed(Date.now());
    log.served(Date.now());
    for (let seq = 33; seq <= 36; seq += 1) await marker(seq, true);
    const after = await carryOut('postgres.verify', { ...input, label: await backup() }, context(at, { system: probed }));
    assert.match(
      (after.outputs as { compared: string[] }).compared.join(' '),
      /All 4 markers that the probe knows up to number 36 are there/,
    );
    const silent = { ...at.system, probe: { url: 'http://127.0.0.1:1', every: 100, good: 5 } };
    assert.equal((await failure(carryOut('postgres.verify', input, context(at, { system: silent })))).code, 'probe-silent');
    assert.deepEqual(leftovers(), []);
  });

  it('stays unproven where the rows are not those that were counted', async () => {
    const config = at.system.backups!.postgres!.config;
    const annotate = (before: number, after: number) => {
      const annotation = (name: string, rows: number) => `--annotation=lifeboat-${name}={"public.orders":${rows}}`;
      at.as(
        'pgbackrest',
        `--config=${config}`,
        '--stanza=orders',
        `--set=${label}`,
        annotation('before', before),
        annotation('after', after),
        'annotate',
      );
    };
    annotate(6000, 7000);
    const error = await failure(carryOut('postgres.verify', { ...input, label }, context(at)));
    assert.deepEqual([error.code, error.remedy], ['content-differs', 'person']);
    assert.match(error.message, /public\.orders has 5000 rows instead of 6000 to 7000/);
    annotate(5000, 5000);
  });

  it('goes on after an attempt that was killed half way', async () => {
    const stop = new AbortController();
    const made = context(at);
    const attempt = typeOf('postgres.verify').execute({ ...input, label }, { ...made, signal: stop.signal });
    await until(
      'the restored server',
      () => leftovers().some((name) => existsSync(join(at.folder, 'other', name, 'postmaster.pid'))),
      30_000,
    );
    stop.abort();
    await assert.rejects(attempt);
    assert.notDeepEqual(leftovers(), []);
    await carryOut('postgres.verify', { ...input, label }, made);
    assert.deepEqual(leftovers(), []);
  });

  it('says nothing-compared where there is nothing to compare with', async () => {
    const config = at.system.backups!.postgres!.config;
    at.as('pgbackrest', `--config=${config}`, '--stanza=orders', '--type=full', '--log-level-stderr=error', 'backup');
    const error = await failure(carryOut('postgres.verify', input, context(at)));
    assert.deepEqual([error.code, error.remedy], ['nothing-compared', 'person']);
  });

  it('leaves a backup unproven in which one byte was changed, and says so', async () => {
    const good = await backup();
    flip(biggest(join(at.store.path, 'backup', 'orders', good)));
    const error = await failure(carryOut('postgres.verify', { ...input, label: good }, context(at)));
    assert.deepEqual([error.code, error.remedy], ['backup-corrupt', 'person']);
    assert.match(error.message, new RegExp(`${good} is invalid 1 checksum invalid.*stays unproven`));
    assert.deepEqual(leftovers(), []);
    // Another backup is not doubted for it.
    const other = await backup();
    await carryOut('postgres.verify', { ...input, label: other }, context(at));
  });
});

function biggest(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return files
    .filter((file) => statSync(file).isFile() && !file.includes('manifest'))
    .sort((a, b) => statSync(b).size - statSync(a).size)[0]!;
}

function flip(file: string): void {
  const handle = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, 1000);
  byte[0]! ^= 0xff;
  writeSync(handle, byte, 0, 1, 1000);
  closeSync(handle);
}
