import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { systemId, type SystemState } from '../../workflows/wire.ts';
import { asked, until } from '../e2e/world.ts';
import type { Crowd } from '../judge/crowd.ts';
import { needsFullLab } from './can-stand.ts';
import { fullCrowd } from './crowd.ts';
import { leftBy } from '../e2e/scene.ts';
import { approveAll, assertLossIsCounted, outputOf } from './scene.ts';
import { FullWorld } from './world.ts';

describe('the pair of the full lab', function () {
  this.timeout(180_000);
  let world: FullWorld;
  let crowd: Crowd | undefined;
  before(async function () {
    needsFullLab(this);
    world = await FullWorld.up();
  });
  afterEach(async () => {
    await crowd?.stop();
    crowd = undefined;
  });
  after(async () => world?.down());
  const known = (): Promise<SystemState> => world.client.workflow.getHandle(systemId('orders')).query<SystemState>('state');
  const follows = async (host: string): Promise<boolean> =>
    (await world.sql<{ n: number }>(host, `select count(*)::int as n from pg_stat_replication where state = 'streaming'`))[0]!.n === 1;
  const server = async (name: string): Promise<string> => {
    const state = await world.at('edge', ['sh', '-c', `echo 'show servers state orders' | socat - /run/haproxy/admin.sock`]);
    const line = state.split('\n').find((words) => words.split(' ')[3] === name) ?? '';
    // The sixth word is its state: 2 is running.
    return line.split(' ')[5] === '2' ? 'in service' : 'out of service';
  };

  it('is moved by the planned runbook under writers inside and outside, loses nothing, and ends protected', async () => {
    crowd = await fullCrowd(world.lab);
    const end = await approveAll(await world.start('failover', { mode: 'planned', cause: 'exercise' }));
    assert.equal(end.verdict, 'recovered', end.why);
    await crowd.writes('b-db');
    crowd.neverTwo('a-db', 'b-db');
    await crowd.stop();
    assert.deepEqual(await crowd.lostOn('b-db'), []);
    assert.ok(await follows('b-db'));
    assert.equal((await known()).active, 'site-b');
    assert.deepEqual([await server('a-db'), await server('b-db')], ['out of service', 'in service']);
    assert.equal((await known()).backups?.[0]?.store, 'b-backrest');
    console.log(`      longest gap between writes: ${crowd.gap} ms`);
  });

  it('is moved by the unplanned runbook when its host loses power, and what is lost is what the report says', async () => {
    await world.renew();
    crowd = await fullCrowd(world.lab, { every: 10 });
    // The line is too thin for what is written: the standby falls behind.
    await world.fault('thin', 'site-a', '48');
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await world.fault('power-cut', 'a-db');
    await world.heal('thin');
    const end = await approveAll(await world.start('failover', { mode: 'unplanned', cause: 'power' }));
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('b-db');
    crowd.neverTwo('a-db', 'b-db');
    await crowd.stop();
    await assertLossIsCounted(world, end, 'site-b', 'b-db');
    assert.ok((await crowd.lostOn('b-db')).length > 0, 'rows that had not reached the standby');
    assert.deepEqual(
      (await known()).fences.map(({ host, by }) => `${host} ${by}`),
      ['a-db power.off'],
    );
    assert.notEqual((await known()).unprotectedSince, null);
  });

  it('then is taken back: what only the old primary has is exported, then discarded, and the pair is protected the original way round', async () => {
    const before = await world.sql<{ id: string }>('b-db', 'select id from judge');
    const handle = await world.start('failback');
    const end = await approveAll(handle);
    assert.equal(end.verdict, 'recovered', end.why);
    assert.ok(await follows('a-db'));
    assert.deepEqual((await known()).fences, []);
    assert.deepEqual([(await known()).active, (await known()).unprotectedSince], ['site-a', null]);
    const { record } = await leftBy(end, 'site-a');
    assert.equal(outputOf(record, 'compare', 'diverged'), true);
    const exported = await readFile(outputOf(record, 'compare', 'export') as string, 'utf8');
    const there = new Set((await world.sql<{ id: string }>('a-db', 'select id from judge')).map(({ id }) => id));
    for (const { id } of before) assert.ok(there.has(id), `${id} was on b-db and is not on a-db`);
    assert.match(exported, /(?:outside|site-[ab])-\d+/u);
    assert.deepEqual([await server('a-db'), await server('b-db')], ['in service', 'out of service']);
  });

  it('asks for another proof where a site was cut off with its controllers, and promotes nothing before it has one', async () => {
    await world.renew();
    crowd = await fullCrowd(world.lab);
    // Nothing inside this site may count as silent by itself.
    const inventory = await readFile(`${world.runbooks}/inventory.yaml`, 'utf8');
    await world.write('inventory.yaml', inventory.replaceAll('nothing-writes-inside: true', 'nothing-writes-inside: false'));
    await world.fault('cut-site', 'site-a');
    const handle = await world.start('failover', { mode: 'unplanned', cause: 'site' });
    const running = approveAll(handle, (question) => (question.kind === 'task' ? null : 'abort'));
    const task = await asked(handle, 'fence', 1, 90_000);
    assert.equal(task.kind, 'task');
    assert.equal(task.count, 2);
    assert.equal(await world.promotions('b-db').catch(() => 0), 0, 'b-db is still a standby');
    // The machine is switched off where it stands, and two people say so.
    await world.fault('power', 'a-db', 'off');
    const { choose } = await import('../e2e/world.ts');
    for (const by of ['alice@example.com', 'bob@example.com']) await choose(handle, task, 'done', by);
    const end = await running;
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await until(() => world.sql('b-db', `insert into judge(id, writer) values ('after', 'test') returning id`), 'a write at b-db');
    await world.write('inventory.yaml', inventory);
  });
});
