import assert from 'node:assert/strict';
import { join } from 'node:path';
import { clientsAt, type Clients } from '../../lab/aws/clients.ts';
import { readFilled } from '../../lab/aws/cloud.ts';
import { homeIn } from '../../lab/aws/home.ts';
import { hostOf, outside, type Lab } from '../../lab/lab.ts';
import { status } from '../../lab/status.ts';
import { loadFolder } from '../../plan/load.ts';
import { hear, ledger, practice, sql, until } from './estate.ts';

describe('the hybrid small lab', () => {
  let world: Awaited<ReturnType<typeof practice>>;
  let lab: Lab;
  let east: Clients;
  let instance: string;
  let resources: { readonly [name: string]: string };

  before(async function () {
    this.timeout(120_000);
    world = await practice({ probe: false, hybrid: true });
    lab = world.lab;
    const home = homeIn(lab.folder);
    const { hybrid } = readFilled(home);
    ({ instance } = hybrid!);
    resources = hybrid!.resources as typeof resources;
    east = await clientsAt(home, 'us-east-1');
  });
  after(() => world?.end());

  const rows = async (from: string): Promise<unknown> =>
    (await sql(lab, hostOf(lab, 'c-db').seenFrom[from]![5432], 'select count(*)::int as n from orders', 1000))[0];
  const powers = (): string[] => ledger(lab).flatMap(({ host, to, by }) => (host === 'c-db' ? [`${to} by ${by}`] : []));

  it('has its standby on an instance of the cloud, which has no power controller', async () => {
    const { hosts, running } = await status(lab.folder);
    assert.deepEqual([hosts['c-db']?.site, hosts['c-db']?.role, hosts['c-db']?.controller], ['us-east-1', 'standby', undefined]);
    assert.ok(Object.entries(running).every(([name, runs]) => runs || name === 'probe'));
    assert.deepEqual(await rows('site-a'), { n: 100 });
    const folder = await loadFolder(join(lab.folder, 'runbooks'));
    assert.deepEqual(folder.problems, []);
    const { hosts: written, systems, sites } = folder.inventory!.data;
    assert.deepEqual([written['c-db']?.instance, written['c-db']?.power], [instance, undefined]);
    assert.deepEqual(Object.keys(systems['orders']?.postgres?.members ?? {}), ['site-a', 'us-east-1']);
    assert.deepEqual([sites['us-east-1']?.kind, sites['us-east-1']?.witness !== undefined], ['aws', true]);
  });

  it('cuts its lines where its security groups let nothing in or out', async () => {
    await east.ec2.modifyInstanceAttribute({ InstanceId: instance, Groups: [resources['closed-group']!] });
    for (const from of [outside, 'site-a', 'us-east-1']) assert.equal(await hear(hostOf(lab, 'c-db').seenFrom[from]![22]), 'silent');
    await sql(lab, hostOf(lab, 'a-db').seenFrom[outside]![5432], `insert into orders(item) values ('cut off')`);
    assert.deepEqual(await sql(lab, hostOf(lab, 'c-db').database, 'select count(*)::int as n from orders'), [{ n: 100 }]);
    await east.ec2.modifyInstanceAttribute({ InstanceId: instance, Groups: [resources['db-group']!] });
    await until('the row to arrive', async () => JSON.stringify(await rows('site-a').catch(() => null)) === '{"n":101}');
  });

  it('shuts down with its instance, starts with it, and loses its power with it', async () => {
    const before = powers();
    await east.ec2.stopInstances({ InstanceIds: [instance] });
    assert.equal((await status(lab.folder)).hosts['c-db']?.power, 'Off');
    assert.equal(await hear(hostOf(lab, 'c-db').seenFrom[outside]![22]), 'closed');
    await east.ec2.startInstances({ InstanceIds: [instance] });
    await until('c-db to greet', async () => (await hear(hostOf(lab, 'c-db').seenFrom[outside]![22])).startsWith('SSH'));
    await east.ec2.terminateInstances({ InstanceIds: [instance] });
    assert.equal((await status(lab.folder)).hosts['c-db']?.power, 'Off');
    assert.deepEqual(powers().slice(before.length), ['Off by instance', 'On by instance', 'Off by instance']);
  });
});
