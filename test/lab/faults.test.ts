import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault, heal } from '../../lab/fault.ts';
import { dataOf, hooksFile, hostOf, outside, secret, type Lab } from '../../lab/lab.ts';
import { belongings } from '../../lab/power.ts';
import { members } from '../../lab/process.ts';
import { status } from '../../lab/status.ts';
import { machineControl } from '../../lab/machine-control.ts';
import { hear, ledger, practice, sql, until } from './estate.ts';
import { ask, press, said } from './redfish.ts';

describe('faults of the lab', () => {
  let world: Awaited<ReturnType<typeof practice>>;
  let lab: Lab;
  const database = (host: string, from: string): number => hostOf(lab, host).seenFrom[from]![5432];
  const ssh = (host: string, from: string): number => hostOf(lab, host).seenFrom[from]![22];
  const streaming = async (): Promise<boolean> =>
    (await sql(lab, hostOf(lab, 'a-db').database, `select 1 from pg_stat_replication where state = 'streaming'`)).length === 1;
  const serves = async (): Promise<boolean> => sql(lab, database('a-db', outside), 'select 1').then(Boolean, () => false);

  before(async () => {
    world = await practice({ probe: false });
    lab = world.lab;
  });
  after(() => world?.end());
  afterEach(async () => {
    await heal(lab.folder);
    await fault(lab.folder, 'power', ['a-db', 'on']);
    await until('a-db to answer', async () => (await hear(hostOf(lab, 'a-db').control)) !== 'refused');
    await fault(lab.folder, 'autostart', ['a-db', 'off']);
    await fault(lab.folder, 'start-postgres', ['a-db']);
    await until('the standby to stream', streaming);
  });

  it('kills every process of the primary and leaves its machine up', async () => {
    assert.match(await fault(lab.folder, 'kill-primary'), /^Killed PostgreSQL on a-db: \d+ processes/);
    assert.deepEqual(members({ data: dataOf(lab, 'a-db') }), []);
    assert.equal(await hear(ssh('a-db', outside)), 'SSH-2.0-lifeboat-lab a-db');
    assert.equal(await hear(database('a-db', outside)), 'closed');
    const { hosts } = await status(lab.folder);
    assert.equal(hosts['a-db']?.database, 'stopped');
    assert.equal(hosts['a-db']?.power, 'On');
  });

  it('freezes the primary: it answers nothing, and goes on where it was', async () => {
    await fault(lab.folder, 'freeze-primary');
    assert.equal((await status(lab.folder)).hosts['a-db']?.database, 'frozen');
    await assert.rejects(sql(lab, database('a-db', outside), 'select 1', 400));
    assert.equal(await hear(ssh('a-db', outside)), 'SSH-2.0-lifeboat-lab a-db');
    assert.equal(await heal(lab.folder, 'freeze-primary'), 'PostgreSQL on a-db goes on.');
    await until('a-db to serve', serves);
  });

  it('powers a machine off by its controller with all that runs on it, frozen or not, once', async () => {
    await fault(lab.folder, 'freeze-primary');
    const before = ledger(lab).length;
    assert.equal(await said(lab, 'a-db'), 'On');
    assert.equal(await press(lab, 'a-db', 'ForceOff'), 204);
    assert.equal(await said(lab, 'a-db'), 'Off');
    assert.deepEqual(members(belongings(lab, 'a-db')), []);
    assert.equal(existsSync(join(dataOf(lab, 'a-db'), 'postmaster.pid')), false);
    assert.equal(await hear(ssh('a-db', outside)), 'closed');
    assert.equal(await press(lab, 'a-db', 'ForceOff'), 204);
    assert.deepEqual(
      ledger(lab)
        .slice(before)
        .map(({ host, to, by }) => [host, to, by]),
      [['a-db', 'Off', 'controller']],
    );
    assert.equal(await said(lab, 'b-db'), 'On');
  });

  it('powers a machine on with its database down, unless it starts at boot', async () => {
    await press(lab, 'a-db', 'ForceOff');
    await assert.rejects(machineControl(lab.folder, 'a-db', 'enabled'), /a-db does not answer: it has no power/);
    await press(lab, 'a-db', 'On');
    await until('a-db to greet', async () => (await hear(ssh('a-db', outside))).startsWith('SSH'));
    assert.equal(await machineControl(lab.folder, 'a-db', 'enabled'), 'disabled');
    assert.equal((await status(lab.folder)).hosts['a-db']?.database, 'stopped');
    await fault(lab.folder, 'autostart', ['a-db', 'on']);
    assert.equal(await machineControl(lab.folder, 'a-db', 'enabled'), 'enabled');
    await press(lab, 'a-db', 'ForceRestart');
    await until('the database to start with its machine', serves);
  });

  it('stops and starts a database cleanly, and says what it did', async () => {
    assert.equal(await machineControl(lab.folder, 'a-db', 'stop'), 'stopped');
    assert.equal(await machineControl(lab.folder, 'a-db', 'stop'), 'was stopped');
    assert.equal(await machineControl(lab.folder, 'a-db', 'start'), 'started');
    assert.equal(await machineControl(lab.folder, 'a-db', 'start'), 'was running');
    assert.match(readFileSync(join(lab.disks, 'a-db/postgres.log'), 'utf8'), /database system was shut down at/);
  });

  it('makes a controller lie: it says Off, and the machine is on', async () => {
    await fault(lab.folder, 'fence-lies', ['a-db']);
    const before = ledger(lab).length;
    assert.equal(await said(lab, 'a-db'), 'On');
    assert.equal(await press(lab, 'a-db', 'ForceOff'), 204);
    assert.equal(await said(lab, 'a-db'), 'Off');
    assert.equal(await hear(ssh('a-db', 'site-b')), 'SSH-2.0-lifeboat-lab a-db');
    assert.ok(await serves());
    assert.equal(ledger(lab).length, before);
    assert.equal(await heal(lab.folder), 'The power controller of a-db works again.');
    assert.equal(await said(lab, 'a-db'), 'On');
  });

  it('makes a controller hang or refuse, and heals it', async () => {
    await fault(lab.folder, 'fence-hangs', ['a-db']);
    assert.equal(await hear(hostOf(lab, 'a-db').controller!.port), 'silent');
    await assert.rejects(said(lab, 'a-db', 300));
    await fault(lab.folder, 'fence-dead', ['a-db']);
    assert.equal(await hear(hostOf(lab, 'a-db').controller!.port), 'refused');
    assert.equal((await status(lab.folder)).hosts['a-db']?.controller, 'dead');
    assert.equal(await said(lab, 'b-db'), 'On');
    await heal(lab.folder);
    assert.equal(await said(lab, 'a-db'), 'On');
  });

  it('lets nobody press without the password', async () => {
    const { statusCode } = await ask(lab, 'a-db', 'GET', '/redfish/v1/Systems/a-db', undefined, 5000, 'wrong');
    assert.equal(statusCode, 401);
  });

  it("cuts the standby's view of the primary as a dead line: what is sent is held, others still see it", async () => {
    const socket = connect(database('a-db', 'site-b'), '127.0.0.1');
    const heard: Buffer[] = [];
    let closed = false;
    socket.on('data', (bytes: Buffer) => heard.push(bytes)).on('error', () => {});
    socket.on('close', () => (closed = true));
    await new Promise((done) => socket.once('connect', done));
    await fault(lab.folder, 'cut-link');
    // SSLRequest: a server that hears it answers N.
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    for (const port of [ssh('a-db', 'site-b'), lab.sites['site-a']!.witness['site-b']!]) assert.equal(await hear(port), 'silent');
    assert.deepEqual([heard.length, closed], [0, false]);
    assert.equal(await hear(ssh('a-db', outside)), 'SSH-2.0-lifeboat-lab a-db');
    assert.equal(await hear(lab.sites['site-a']!.witness[outside]!), 'SSH-2.0-lifeboat-lab witness-site-a');
    assert.equal(await hear(lab.sites['site-b']!.witness['site-b']!), 'SSH-2.0-lifeboat-lab witness-site-b');
    assert.equal(await said(lab, 'a-db'), 'On');
    await heal(lab.folder, 'cut-link');
    await until('the caught connection to drop', () => closed);
    assert.equal(await hear(ssh('a-db', 'site-b')), 'SSH-2.0-lifeboat-lab a-db');
  });

  it('cuts replication alone', async () => {
    await fault(lab.folder, 'cut-replication');
    await sql(lab, database('a-db', 'site-b'), `insert into orders(item) values ('cut off')`);
    const behind = `select count(*)::int as n from orders where item = 'cut off'`;
    assert.deepEqual(await sql(lab, database('b-db', 'site-b'), behind), [{ n: 0 }]);
    assert.equal(await hear(ssh('a-db', 'site-b')), 'SSH-2.0-lifeboat-lab a-db');
    await heal(lab.folder, 'cut-replication');
    await until('the row to arrive', async () => (await sql(lab, database('b-db', 'site-b'), behind))[0]?.['n'] === 1);
  });

  it('cuts a site at its border, its controllers included, and leaves its inside alone', async () => {
    await fault(lab.folder, 'cut-site', ['site-a']);
    for (const from of [outside, 'site-b']) assert.equal(await hear(ssh('a-db', from)), 'silent');
    assert.equal(await hear(ssh('b-db', 'site-a')), 'silent');
    assert.equal(await hear(ssh('a-db', 'site-a')), 'SSH-2.0-lifeboat-lab a-db');
    assert.equal(await hear(ssh('b-db', outside)), 'SSH-2.0-lifeboat-lab b-db');
    await assert.rejects(said(lab, 'a-db', 300));
    assert.equal(await said(lab, 'b-db'), 'On');
  });

  it('takes notifications, also where it loses its answer', async () => {
    const send = (): Promise<number> =>
      fetch(`http://127.0.0.1:${lab.hooks}/hook`, {
        method: 'POST',
        headers: { 'idempotency-key': 'k1', 'lifeboat-signature': 'sha256=00' },
        body: '{"text":"hello"}',
      }).then(({ status: code }) => code);
    assert.equal(await send(), 200);
    await fault(lab.folder, 'hook-loses', ['1']);
    await assert.rejects(send());
    assert.equal(await send(), 200);
    const lines = readFileSync(hooksFile(lab), 'utf8').trim().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as { key: string; signature: string; body: unknown });
    assert.equal(entries.length, 3);
    assert.deepEqual([entries[0]?.key, entries[0]?.signature, entries[0]?.body], ['k1', 'sha256=00', { text: 'hello' }]);
  });

  it('names what it does not know', async () => {
    await assert.rejects(fault(lab.folder, 'kill-all'), /There is no fault "kill-all". There are: kill-primary,/);
    await assert.rejects(fault(lab.folder, 'fence-lies', ['c-db']), /The lab has no host c-db. It has a-db and b-db./);
    await assert.rejects(fault(lab.folder, 'cut-site', []), /The lab has no site ""/);
    await assert.rejects(heal(lab.folder, 'kill-primary'), /cannot be healed/);
    const answer = await fetch(`http://127.0.0.1:${lab.control}/power/a-db/off`, { method: 'POST' });
    assert.equal(answer.status, 401);
    assert.notEqual(secret(lab, 'token'), '');
  });
});
