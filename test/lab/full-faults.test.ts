import assert from 'node:assert/strict';
import { faultFull, fullFaults, healFull } from '../../lab/full/fault.ts';
import { addressOf, namespaceOf, paths, type FullLab } from '../../lab/full/full-lab.ts';
import { inside, leaderOf } from '../../lab/full/inside.ts';
import { booted, sql, startPair, streams } from '../../lab/full/pair.ts';
import { siteCommand } from '../../lab/full/site-command.ts';
import { statusFull } from '../../lab/full/status.ts';
import { attempt } from '../../lab/full/tool.ts';
import { greets } from '../../lab/full/until.ts';
import { needsFullLab } from '../full/can-stand.ts';
import { until } from './estate.ts';
import { controller, fullPractice, power, reach, ssh, type FullPractice } from './full-estate.ts';

describe('faults of the full lab', function () {
  this.timeout(60_000);
  let practice: FullPractice;
  let lab: FullLab;
  const fault = (name: string, ...args: string[]): Promise<string> => faultFull(lab.folder, name, args);
  const at = (host: string): string => addressOf(lab, host);
  const ready = (host: string): Promise<void> => until(`${host} to greet`, () => greets(lab, host));
  /** Of so many packets from inside a site to a host, how many come back. */
  const pings = async (site: string, host: string, count = 3): Promise<number> => {
    const ping = siteCommand(lab, site, ['ping', '-n', '-q', '-i', '0.02', '-W', '1', '-c', String(count), at(host)]);
    return Number(/(\d+) received/.exec((await attempt(ping)).out)?.[1] ?? 0);
  };

  before(async function () {
    needsFullLab(this);
    practice = await fullPractice();
    ({ lab } = practice);
  });
  after(() => practice?.end());
  afterEach(async () => {
    await healFull(lab.folder);
    assert.deepEqual((await statusFull(lab.folder)).cuts, []);
  });

  it('cuts the power by the controller: all that ran is gone, nothing answers, and the disk lasts', async () => {
    await inside(lab, 'a-db', ['tee', '/var/lib/marker'], { input: 'kept' });
    const leader = leaderOf(lab, 'a-db')!;
    assert.equal(await controller(lab, 'a-db', 'status'), 'ON');
    assert.equal(await controller(lab, 'a-db', 'off'), 'done');
    assert.equal(await controller(lab, 'a-db', 'status'), 'OFF');
    assert.throws(() => process.kill(leader, 0));
    assert.deepEqual((await attempt(['ip', 'netns', 'pids', namespaceOf(lab, 'a-db').split('/').at(-1)!])).out, '');
    assert.match(await reach(at('a-db'), 5432), /silent|unreachable/);
    assert.equal(await controller(lab, 'a-db', 'off'), 'done');
    assert.equal(await controller(lab, 'a-db', 'on'), 'done');
    await ready('a-db');
    assert.equal((await ssh(lab, 'a-db', 'cat /var/lib/marker; systemctl is-active orders-db')).out, 'keptinactive\n');
    assert.equal(await reach(at('a-db'), 5432), 'refused');
    assert.deepEqual(
      power(lab)
        .filter((line) => line.startsWith('a-db'))
        .slice(1),
      ['a-db Off controller', 'a-db On controller'],
    );
    await startPair(lab);
  });

  it('notices a host that shuts itself down, and one that restarts itself', async () => {
    await ssh(lab, 'edge', 'sudo systemctl poweroff');
    await until('the power to be off', () => power(lab).includes('edge Off itself'));
    assert.match(await reach(at('edge'), 53), /silent|unreachable/);
    await fault('power', 'edge', 'on');
    await ready('edge');
    const first = leaderOf(lab, 'edge');
    await ssh(lab, 'edge', 'sudo systemctl reboot');
    await until('another first process', () => ![null, first].includes(leaderOf(lab, 'edge')));
    await until('edge to take orders', () => booted(lab, 'edge'));
    await ready('edge');
  });

  it('lets a controller lie, hang and die', async () => {
    assert.match(await fault('controller-lies', 'a-app'), /does nothing/);
    assert.equal(await controller(lab, 'a-app', 'off'), 'done');
    assert.equal(await controller(lab, 'a-app', 'status'), 'OFF');
    assert.equal(await greets(lab, 'a-app'), true);
    await healFull(lab.folder, 'controller-lies');
    assert.equal(await controller(lab, 'a-app', 'status'), 'ON');
    for (const name of ['controller-hangs', 'controller-dead']) {
      await fault(name, 'b-app');
      assert.equal(await controller(lab, 'b-app', 'status', 1), 'failed');
      await healFull(lab.folder, name);
      await until('the controller to answer', async () => (await controller(lab, 'b-app', 'status')) === 'ON');
    }
  });

  it("cuts a host at its switch port by the device's own command, also over a power cycle", async () => {
    assert.equal((await ssh(lab, 'a-switch', 'state a-db')).out, 'open\n');
    assert.equal((await ssh(lab, 'a-switch', 'cut a-db')).code, 0);
    assert.equal((await ssh(lab, 'a-switch', "'state' 'a-db'")).out, 'cut\n');
    assert.match(await reach(at('a-db'), 22), /silent|unreachable/);
    assert.equal(await reach(at('a-app'), 22), 'open');
    await fault('power-cut', 'a-db');
    await fault('power', 'a-db', 'on');
    await until('a-db to boot', () => booted(lab, 'a-db'));
    assert.match(await reach(at('a-db'), 22), /silent|unreachable/);
    assert.equal((await ssh(lab, 'a-switch', 'heal a-db')).code, 0);
    await ready('a-db');
    await startPair(lab);
    for (const line of ['cut nothing', 'id', 'cut a-db; id', '']) assert.equal((await ssh(lab, 'a-switch', line)).code, 2, line);
  });

  it('cuts a site at the router by its own command, which a healed fault does not undo', async () => {
    await ssh(lab, 'wan', 'cut site-b');
    assert.equal((await ssh(lab, 'wan', 'state site-b')).out, 'cut\n');
    await healFull(lab.folder);
    assert.equal(await reach(at('b-db'), 22), 'silent');
    assert.equal(await pings('site-a', 'b-db'), 0);
    assert.equal(await pings('site-b', 'b-db'), 3);
    await ssh(lab, 'wan', 'heal site-b');
    assert.equal((await ssh(lab, 'wan', 'state site-b')).out, 'open\n');
    assert.equal(await reach(at('b-db'), 22), 'open');
  });

  it('cuts a site off, its controllers and its workers included', async () => {
    await fault('cut-site', 'site-b');
    assert.equal(await reach(at('b-db'), 22), 'silent');
    assert.equal(await controller(lab, 'b-db', 'status', 1), 'failed');
    assert.equal(await pings('site-b', 'edge'), 0);
    assert.equal(await pings('site-b', 'b-app'), 3);
    assert.equal(await pings('site-a', 'edge'), 3);
    assert.match(await healFull(lab.folder, 'cut-site'), /carries again/);
    assert.equal(await reach(at('b-db'), 22), 'open');
  });

  it('cuts the sites from each other only', async () => {
    await fault('cut-between');
    assert.equal(await pings('site-a', 'b-db'), 0);
    assert.equal(await pings('site-b', 'a-db'), 0);
    for (const host of ['a-db', 'b-db']) assert.equal(await reach(at(host), 22), 'open');
    await until('replication to be lost', async () => !(await streams(lab)), 20_000);
    await healFull(lab.folder, 'cut-between');
    await until('the standby to stream', () => streams(lab));
  });

  it('loses packets, and thins a line', async () => {
    await fault('loss', 'site-a', '50');
    const came = await pings('site-a', 'edge', 200);
    assert.ok(came > 10 && came < 100, `${came} of 200 came back, where a quarter should`);
    await healFull(lab.folder, 'loss');
    assert.equal(await pings('site-a', 'edge', 20), 20);
    await fault('thin', 'site-a', '1000');
    const begun = Date.now();
    assert.equal((await ssh(lab, 'a-app', 'head -c 250000 /dev/urandom')).code, 0);
    assert.ok(Date.now() - begun > 1500, 'two megabits went over a line of one in less than 1.5 s');
  });

  it('fills a disk, and gives the room back', async () => {
    assert.match(await fault('disk-full', 'b-app'), /is full: something took \d+ MB/);
    const full = await ssh(lab, 'b-app', 'head -c 5000000 /dev/zero > /home/ops/file');
    assert.match(full.err, /No space left/);
    await healFull(lab.folder, 'disk-full');
    assert.equal((await ssh(lab, 'b-app', 'head -c 5000000 /dev/zero > /home/ops/file')).code, 0);
  });

  it('shows another host key, and people stay out', async () => {
    await fault('wrong-host-key', 'b-app');
    const { code, err } = await ssh(lab, 'b-app', 'true');
    assert.equal(code, 255);
    assert.match(err, /Host key verification failed/);
    assert.match(await healFull(lab.folder, 'wrong-host-key'), /b-app/);
    assert.equal((await ssh(lab, 'b-app', 'true')).code, 0);
  });

  it('kills the primary, freezes it, and starts it with its host', async () => {
    assert.match(await fault('freeze-primary'), /a-db/);
    await assert.rejects(sql(lab, 'a-db', 'select 1', 500));
    assert.equal(await healFull(lab.folder, 'freeze-primary'), 'PostgreSQL on a-db goes on.');
    await until('a-db to serve', () => sql(lab, 'a-db', 'select 1').then(Boolean, () => false));
    await fault('kill-primary');
    await until('a-db to refuse', async () => (await reach(at('a-db'), 5432)) === 'refused');
    await fault('autostart', 'a-db', 'on');
    await fault('power-cut', 'a-db');
    await fault('power', 'a-db', 'on');
    await until('a-db to serve', () => sql(lab, 'a-db', 'select 1').then(Boolean, () => false));
    await fault('autostart', 'a-db', 'off');
    await until('the standby to stream', () => streams(lab));
  });

  it('takes a disk away: the host comes back with an ssh server and nothing else', async () => {
    await fault('disk-lost', 'b-app');
    assert.equal((await statusFull(lab.folder)).hosts['b-app']?.power, 'Off');
    await fault('power', 'b-app', 'on');
    await ready('b-app');
    const { code, out } = await ssh(
      lab,
      'b-app',
      `sudo ls ${paths.documents} ${paths.repository} ${paths.vault}; systemctl is-active named`,
    );
    assert.notEqual(code, 0);
    assert.equal(out, 'inactive\n');
  });

  it('names what it does not know, and heals only what can be healed', async () => {
    await assert.rejects(fault('nothing'), /There is no fault "nothing". There are: /);
    for (const name of Object.keys(fullFaults).filter(
      (one) => /HOST|SITE/.test(fullFaults[one]!.usage) && !/\[/.test(fullFaults[one]!.usage),
    ))
      await assert.rejects(fault(name, 'nobody', 'on'), /There is no nobody: (a-|site-)/, name);
    await assert.rejects(healFull(lab.folder, 'kill-primary'), /cannot be healed/);
  });
});
