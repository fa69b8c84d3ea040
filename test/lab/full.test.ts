import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { downFull } from '../../lab/full/down.ts';
import { faultFull } from '../../lab/full/fault.ts';
import { addressOf, nameOf, readFullLab, secret } from '../../lab/full/full-lab.ts';
import { streams, sql } from '../../lab/full/pair.ts';
import { renew } from '../../lab/full/renew.ts';
import { machines } from '../../lab/full/shape.ts';
import { statusFull } from '../../lab/full/status.ts';
import { attempt } from '../../lab/full/tool.ts';
import { upFull } from '../../lab/full/up.ts';
import { program } from '../../lab/launch.ts';
import { packageRoot } from '../../lab/package-root.ts';
import { needsFullLab } from '../full/can-stand.ts';
import { until } from './estate.ts';
import { fullPractice, net, publicFolder, remains, ssh, type FullPractice } from './full-estate.ts';

describe('the full lab', function () {
  this.timeout(120_000);
  let practice: FullPractice;
  before(async function () {
    needsFullLab(this);
    practice = await fullPractice({ probe: true });
    console.log(`      up after ${(practice.took / 1000).toFixed(1)} s`);
  });
  after(() => practice?.end());

  it('writes an inventory that has no problem and holds no secret', async () => {
    const { folder } = practice.lab;
    const { code, out, err } = await attempt([...program('cli/main'), 'check', '--runbooks', join(folder, 'runbooks')]);
    assert.equal(code, 0, out + err);
    const text = readFileSync(join(folder, 'runbooks/inventory.yaml'), 'utf8');
    for (const name of ['lifeboat', 'controller-a-db', 'hooks', 'restic-vault', 'tsig'])
      assert.ok(!text.includes(secret(practice.lab, name)), `${name} stands in the inventory`);
  });

  it('lets people in at every host that the authority signed, in little time', async () => {
    for (const host of Object.keys(machines)) {
      const { code, out, err } = await ssh(practice.lab, host, 'hostname; systemctl is-system-running');
      assert.equal(code, 0, `${host}: ${err}`);
      assert.equal(out, `${host}\nrunning\n`);
    }
  });

  it('shows hosts nothing of this machine but its operating system', async () => {
    const { folder } = practice.lab;
    const hidden = ['/root', '/home', '/srv', '/opt', packageRoot(), folder, '/var/lib/lifeboat', '/etc/ssh/ssh_host_rsa_key'];
    const { out } = await ssh(practice.lab, 'a-db', `sudo find ${hidden.join(' ')} -type f 2>/dev/null`);
    assert.equal(out, '');
  });

  it('replicates from a-db to b-db, with the rights that steps need and no superuser', async () => {
    assert.ok(await streams(practice.lab));
    const rows = await sql<{ super: boolean; may: boolean }>(
      practice.lab,
      'b-db',
      `select rolsuper as super, has_function_privilege('lifeboat', 'pg_promote(boolean, integer)', 'execute') as may from pg_roles where rolname = 'lifeboat'`,
    );
    assert.deepEqual(rows, [{ super: false, may: true }]);
    const { hosts } = await statusFull(practice.lab.folder);
    assert.deepEqual(hosts['a-db']?.database, { state: 'running', role: 'primary', autostart: false });
    assert.deepEqual(hosts['b-db']?.database, { state: 'running', role: 'standby', autostart: false });
  });

  it('archives to the repository on the application host, which can ask the database', async () => {
    const { code, err } = await ssh(practice.lab, 'a-app', 'sudo -u pgbackrest pgbackrest --stanza=orders check');
    assert.equal(code, 0, err);
    const { out } = await ssh(practice.lab, 'b-db', 'sudo -u postgres pgbackrest --stanza=orders --repo1-host=a-app info --output=json');
    assert.equal((JSON.parse(out) as { name: string; archive: unknown[] }[])[0]?.archive.length, 1);
  });

  it("adds to the other site's vault with a key that deletes nothing from it", async () => {
    const options = '-o "rclone.program=ssh -i /etc/lifeboat/vault_ed25519 vault@b-app" -r rclone: --password-file /etc/lifeboat/vault.key';
    const restic = (words: string) => ssh(practice.lab, 'a-app', `sudo restic ${options} --no-cache ${words}`);
    assert.equal((await restic('init')).code, 0);
    const saved = await restic('backup --quiet /srv/orders/documents');
    assert.equal(saved.code, 0, saved.err);
    // It tries again for most of a minute; an interrupt makes it take its own lock away.
    const forget = await ssh(practice.lab, 'a-app', `sudo timeout --foreground --signal=INT 5 restic ${options} --no-cache forget latest`);
    assert.notEqual(forget.code, 0);
    assert.match(forget.err, /403 Forbidden/);
    const { out } = await restic('snapshots --json');
    assert.equal((JSON.parse(out) as unknown[]).length, 1);
    const shell = await ssh(practice.lab, 'a-app', 'sudo ssh -i /etc/lifeboat/vault_ed25519 vault@b-app id </dev/null');
    assert.doesNotMatch(shell.out, /uid=/);
  });

  it('changes a name by a signed update, and every name server follows', async () => {
    const { lab } = practice;
    const ask = async (host: string) =>
      (await attempt(['dig', '+short', '+time=1', `@${addressOf(lab, host)}`, 'db.orders.test'])).out.trim();
    for (const host of ['edge', 'a-app', 'b-app'])
      await until(`${host} to know the name`, async () => (await ask(host)) === addressOf(lab, 'a-db'));
    const change = ['update delete db.orders.test. A', `update add db.orders.test. 5 A ${addressOf(lab, 'b-db')}`];
    const input = [`server ${addressOf(lab, 'edge')}`, 'zone orders.test', ...change, 'send', ''].join('\n');
    assert.notEqual((await attempt(['nsupdate'], { input })).code, 0);
    assert.equal((await attempt(['nsupdate', '-k', join(lab.folder, 'secrets/tsig.key')], { input })).code, 0);
    for (const host of ['edge', 'a-app', 'b-app'])
      await until(`${host} to follow`, async () => (await ask(host)) === addressOf(lab, 'b-db'));
  });

  it('lets clients through the proxy to the primary', async () => {
    const { lab } = practice;
    const env = { PGPASSWORD: secret(lab, 'app') };
    const asked = ['psql', '-XAt', '-h', addressOf(lab, 'edge'), '-U', 'app', 'orders', '-c', 'show cluster_name'];
    assert.equal((await attempt(asked, { env })).out, 'a-db\n');
  });

  it('is as new after it was broken, without coming up again', async () => {
    const { lab } = practice;
    await faultFull(lab.folder, 'cut-site', ['site-b']);
    await faultFull(lab.folder, 'power-cut', ['a-db']);
    await faultFull(lab.folder, 'disk-lost', ['b-app']);
    const begun = Date.now();
    await renew(lab);
    console.log(`      new after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    assert.ok(await streams(lab));
    assert.deepEqual((await statusFull(lab.folder)).cuts, []);
    assert.equal((await ssh(lab, 'b-app', 'find /srv/orders/documents -type f | wc -l; sudo ls /srv/vault/orders')).out, '48\n');
    assert.equal((await attempt(['dig', '+short', `@${addressOf(lab, 'b-app')}`, 'db.orders.test'])).out.trim(), addressOf(lab, 'a-db'));
  });

  it('stands alone on its net, and says who stands there and how to end it', async () => {
    const folder = join(publicFolder(), 'lab');
    await assert.rejects(upFull({ folder, net }), (error: Error) => {
      assert.match(error.message, new RegExp(`net ${net} already, in ${practice.lab.folder}.*lifeboat lab down`));
      return true;
    });
    assert.ok(!existsSync(folder));
    assert.ok(await streams(practice.lab));
    rmSync(join(folder, '..'), { recursive: true });
  });

  it('goes down and leaves nothing, also where its folder is gone', async () => {
    const { lab, end } = practice;
    assert.notDeepEqual(remains(lab), []);
    rmSync(join(lab.folder, 'lab.json'));
    await end();
    assert.deepEqual(remains(lab), []);
    assert.ok(!existsSync(lab.folder));
    practice = { ...practice, end: async () => undefined };
  });

  it('goes down and leaves nothing where it was killed on its way up', async () => {
    const parent = publicFolder();
    const folder = join(parent, 'lab');
    const env = { ...process.env, LIFEBOAT_LAB_NET: String(net) };
    const [node, ...words] = program('cli/main');
    const up = spawn(node!, [...words, 'lab', 'up', '--full', '--folder', folder], { env, stdio: 'ignore' });
    const ended = new Promise((done) => up.once('exit', done));
    await until('a host to boot', () => existsSync(join(folder, 'run/host-a-db.json')), 30_000);
    up.kill('SIGKILL');
    await ended;
    const lab = readFullLab(folder);
    assert.ok(remains(lab).some((line) => line.startsWith(nameOf(lab, ''))));
    await downFull(folder);
    assert.deepEqual(remains(lab), []);
    rmSync(parent, { recursive: true });
  });
});
