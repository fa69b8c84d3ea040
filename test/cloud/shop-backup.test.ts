import assert from 'node:assert/strict';
import type { LedgerEntry } from '../../lab/aws/control.ts';
import { accounts } from '../../lab/aws/home.ts';
import { leftBy } from '../e2e/scene.ts';
import { attend } from './scene.ts';
import { CloudWorld } from './world.ts';

describe('the nightly backup of shop', function () {
  this.timeout(170_000);
  let world: CloudWorld;
  before(async () => (world = await CloudWorld.up({ sites: ['us-east-1', 'us-west-2', 'vault'] })));
  after(() => world?.down());

  const there = async (): Promise<LedgerEntry[]> => (await world.cloud.ledger()).filter(({ gone }) => !gone);
  const kinds = (all: readonly LedgerEntry[]): string[] =>
    all.map(({ service, kind, region, account }) => `${account} ${region} ${service} ${kind}`).sort();

  it('lies in two regions and two accounts, is proven by what was restored of it, and leaves nothing else', async () => {
    const before = new Set((await there()).map(({ id, region, account }) => `${account} ${region} ${id}`));
    const { end } = await attend(await world.start('backup', 'shop'));
    assert.equal(end.verdict, 'proven', end.why);
    const made = (await there()).filter(({ id, region, account }) => !before.has(`${account} ${region} ${id}`));
    const [production, vault] = [accounts.production, accounts.vault];
    const of = (place: string, ...what: string[]): string[] => what.map((one) => `${place} ${one}`);
    // Two instances with two volumes each.
    const volumes = Array<string>(4).fill('ec2 snapshot');
    assert.deepEqual(kinds(made.filter(({ service, kind }) => service !== 's3' && kind !== 'security-group')), [
      ...of(`${production} us-east-1`, ...volumes, 'rds snapshot'),
      ...of(`${production} us-west-2`, ...volumes, 'rds snapshot'),
      ...of(`${vault} us-west-2`, ...volumes, 'rds snapshot'),
    ]);
    // The group that lets nothing in or out stays, as fences need it.
    const groups = (await there()).filter(({ kind, tags }) => kind === 'security-group' && tags['lifeboat:fence'] !== undefined);
    assert.deepEqual(kinds(groups), of(`${production} us-west-2`, 'ec2 security-group'));
    const locked = made.filter(({ service, account }) => service === 's3' && account === vault).map(({ name }) => name);
    for (const file of ['exports/customers.csv', 'exports/prices.csv', 'checklists/failover.md'])
      assert.ok(
        locked.some((name) => name.endsWith(`us-east-1/${file}`)),
        locked.join(),
      );
    const { record } = await leftBy(end, 'us-west-2');
    assert.equal(record.verdict, 'proven');
  });
});
