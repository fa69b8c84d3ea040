import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe as decide } from '../../lab/describe.ts';
import { down } from '../../lab/down.ts';
import { hostOf, outside, secretFile, type Lab } from '../../lab/lab.ts';
import { members } from '../../lab/process.ts';
import { status } from '../../lab/status.ts';
import { up } from '../../lab/up.ts';
import { hear, ledger, portsOf, practice, sql } from './estate.ts';

describe('the small lab, up and down', () => {
  let one: Awaited<ReturnType<typeof practice>>;
  let two: Awaited<ReturnType<typeof practice>>;
  let lab: Lab;

  before(async () => {
    [one, two] = await Promise.all([practice(), practice()]);
    lab = one.lab;
  });
  after(async () => {
    await Promise.all([one?.end(), two?.end()]);
  });

  it('serves at one site and follows at the other', async () => {
    const { hosts, running } = await status(lab.folder);
    assert.deepEqual(running, { estate: true, controllers: true, probe: true });
    assert.equal(hosts['a-db']?.role, 'primary');
    assert.equal(hosts['b-db']?.role, 'standby');
    assert.equal(hosts['a-db']?.power, 'On');
    assert.equal(hosts['b-db']?.autostart, false);
    const [primary] = await sql(
      lab,
      hostOf(lab, 'a-db').seenFrom[outside]![5432],
      `select count(*)::int as n, current_setting('data_checksums') as sums from orders`,
    );
    assert.deepEqual(primary, { n: 100, sums: 'on' });
    const [standby] = await sql(
      lab,
      hostOf(lab, 'b-db').seenFrom['site-a']![5432],
      'select pg_is_in_recovery() as standby, count(*)::int as n from orders',
    );
    assert.deepEqual(standby, { standby: true, n: 100 });
    assert.deepEqual(
      ledger(lab).map(({ host, from, to }) => [host, from, to]),
      [
        ['a-db', 'Off', 'On'],
        ['b-db', 'Off', 'On'],
      ],
    );
  });

  it('gives each machine and each witness a greeting, from every viewpoint', async () => {
    for (const [name, host] of Object.entries(lab.hosts)) {
      for (const ports of Object.values(host.seenFrom)) assert.equal(await hear(ports[22], 2000), `SSH-2.0-lifeboat-lab ${name}`);
    }
    for (const [name, site] of Object.entries(lab.sites)) {
      for (const port of Object.values(site.witness)) assert.equal(await hear(port, 2000), `SSH-2.0-lifeboat-lab witness-${name}`);
    }
  });

  it('writes an inventory whose ports lead to its hosts, and holds no secret', async () => {
    const text = readFileSync(join(lab.folder, 'runbooks/inventory.yaml'), 'utf8');
    const inventory = parse(text) as {
      hosts: { 'a-db': { ports: Record<string, number>; 'seen-from': { 'site-b': { ports: Record<string, number> } } } };
    };
    assert.equal(await hear(inventory.hosts['a-db'].ports['22']!, 2000), 'SSH-2.0-lifeboat-lab a-db');
    assert.equal(await hear(inventory.hosts['a-db']['seen-from']['site-b'].ports['22']!, 2000), 'SSH-2.0-lifeboat-lab a-db');
    for (const name of ['lifeboat', 'app', 'hooks', 'controller-a-db', 'token']) {
      assert.equal(text.includes(readFileSync(secretFile(lab, name), 'utf8')), false, name);
      assert.equal(statSync(secretFile(lab, name)).mode & 0o077, 0, name);
    }
  });

  it('stands beside another one, and ends without touching it', async () => {
    const [ports, others] = [portsOf(lab), portsOf(two.lab)];
    assert.equal(
      ports.some((port) => others.includes(port)),
      false,
    );
    const disks = two.lab.disks;
    // As its servers say themselves: the seventh line is the key and the identifier.
    const held = ['a-db', 'b-db'].map(
      (host) =>
        readFileSync(join(disks, host, 'data/postmaster.pid'), 'utf8')
          .split('\n')[6]!
          .trim()
          .split(/\s+/u)[1]!,
    );
    assert.ok(held.every(inMemory), `${held.join(', ')} are in /proc/sysvipc/shm`);
    assert.ok((await down(two.lab.folder)) > 8);
    assert.equal(existsSync(two.lab.folder), false);
    assert.equal(existsSync(disks), false);
    assert.deepEqual(members({ tag: `LIFEBOAT_LAB=${two.lab.id}`, data: join(disks, 'a-db/data') }), []);
    assert.deepEqual(held.filter(inMemory), []);
    for (const port of others) assert.equal(await hear(port), 'refused', `port ${port}`);
    const [row] = await sql(lab, hostOf(lab, 'a-db').seenFrom[outside]![5432], 'select 1 as one');
    assert.deepEqual(row, { one: 1 });
  });

  it('refuses a folder that holds something else, and removes nothing there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lifeboat-test-'));
    try {
      writeFileSync(join(folder, 'precious'), '');
      await assert.rejects(up({ folder }), /is not empty/);
      await assert.rejects(down(folder), /There is no lab in/);
      assert.ok(existsSync(join(folder, 'precious')));
      await assert.rejects(up({ folder: lab.folder }), /There is a lab in .* already/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends a lab that stands only half', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'lifeboat-test-')), 'lab');
    const half = await decide({ folder });
    mkdirSync(join(half.disks, 'a-db'));
    assert.equal(await down(folder), 0);
    assert.equal(existsSync(folder), false);
    assert.equal(existsSync(half.disks), false);
    rmSync(join(folder, '..'), { recursive: true });
  });

  it('says why it did not start, and leaves nothing', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'lifeboat-test-'));
    const folder = join(parent, 'lab');
    await assert.rejects(
      up({ folder, tools: { temporal: '', postgres: '/nowhere', python: lab.python } }),
      /The lab did not start: initdb failed/,
    );
    assert.equal(existsSync(folder), false);
    rmSync(parent, { recursive: true });
  });
});

/** Whether the kernel has a System V segment of that identifier. */
const inMemory = (id: string): boolean =>
  readFileSync('/proc/sysvipc/shm', 'utf8')
    .split('\n')
    .some((row) => row.trim().split(/\s+/u)[1] === id);
