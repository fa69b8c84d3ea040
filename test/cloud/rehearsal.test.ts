import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import type { Clients } from '../../lab/aws/clients.ts';
import { endOf, journalOf, until } from '../e2e/world.ts';
import { rows, type Estate } from '../lab/cloud-estate.ts';
import { give, policiesAt, ungive } from './policies.ts';
import { leftOver, nothingLeft, Production } from './production.ts';
import { CloudWorld } from './world.ts';

describe('a rehearsal at AWS', function () {
  this.timeout(240_000);
  let world: CloudWorld;
  let shop: Estate;
  let east: Clients;
  let production: Production;
  before(async () => {
    world = await CloudWorld.up({ hybrid: true });
    shop = rows(world.lab);
    east = await world.at('us-east-1');
  });
  after(() => world?.down());
  beforeEach(async () => {
    production = await Production.watch(world, () =>
      Promise.all([shop.order(east, 'shop-db'), world.sql('a-db', `insert into orders(item) values ('meanwhile')`)]),
    );
  });
  afterEach(async () => {
    await production.stop();
    await ungive(world);
  });

  /** By the roles that `lifeboat iam --rehearsal` gives, which may change nothing of production. */
  const rehearse = async (runbook: string): Promise<WorkflowHandle> => {
    await give(world, await policiesAt(world, runbook, 'rehearsal'));
    return world.start('rehearsal', system(runbook), { runbook });
  };
  /** Steps that were tried. */
  const passes = async (runbook: string): Promise<readonly string[]> => {
    const handle = await rehearse(runbook);
    const end = await endOf(handle);
    const journal = await journalOf(handle);
    const last = journal.slice(-20).map((one) => JSON.stringify(one).slice(0, 500));
    assert.equal(end.verdict, 'rehearsed', [end.why, ...last].join('\n'));
    assert.deepEqual(await leftOver(world), []);
    await production.wasLeftAlone();
    // What was made and is gone is no backup of the system.
    assert.deepEqual((await world.known(system(runbook))).backups ?? [], []);
    return journal.flatMap((entry) => (entry.what === 'done' ? [entry.step] : []));
  };

  for (const [runbook, tried] of [
    ['shop-failover', 'copy promote copy-rows app web switch'],
    ['shop-failback', 'copy promote copy-rows app web trusted shift removed idle'],
    ['shop-backup', 'database database-copy database-vault restored database-proof volumes volumes-copy volumes-vault volumes-proof'],
    ['shop-restore', 'restore rows'],
    ['orders-failover', 'copy facts tier fence promote rows copy-rows traffic'],
    ['orders-failover-home', 'copy facts promote rows copy-rows traffic'],
    ['orders-failback', 'copy power promote rows copy-rows traffic tier'],
    ['orders-protect', 'tier'],
  ] as const)
    it(`of ${runbook} tries ${tried}; it leaves production alone and nothing behind`, async () => {
      const steps = await passes(runbook);
      const missing = tried.split(' ').filter((step) => !steps.includes(step));
      assert.deepEqual(missing, [], `tried were ${steps.join(' ')}`);
    });

  it('that is terminated half way leaves nothing behind either', async () => {
    const handle = await rehearse('shop-failover');
    await until(async () => (await leftOver(world)).some((one) => one.startsWith('instance')), 'something to be made', 60_000);
    await handle.terminate('the test');
    await nothingLeft(world);
    await production.wasLeftAlone();
  });
});

const system = (runbook: string): string => runbook.split('-')[0]!;
