import assert from 'node:assert/strict';
import { onCall, service } from '../../activities/aws/client.ts';
import type { SystemFacts } from '../../plan/plan.ts';
import { cloud, type Cloud, type CloudOptions } from './cloud.ts';
import { carryOut, failure, rehearse, typeOf } from './estate.ts';
import { declared } from './machines.ts';
import { instanceAt, pairOf, type Pair } from './rds-pair.ts';

const name = 'copy.rds';

describe(name, function () {
  this.timeout(60_000);
  let at: Cloud;
  let pair: Pair;
  const wanted = (more: object = {}) => ({ site: 'west', id: 'copy-of-shop-db-west', of: 'shop-db-west', subnets: 'shop', ...more });
  beforeEach(async () => {
    at = await cloud();
    pair = await pairOf(at);
  });
  /** As the plan of a rehearsal has it: the member of the target is the copy. */
  const context = (options: CloudOptions & { expired?: true } = {}) => {
    const rds = pair.system.rds!;
    const system: Partial<SystemFacts> = {
      rds: { ...rds, members: { ...rds.members, west: 'copy-of-shop-db-west' } },
      promised: { backup: 3_600_000 },
      copies: { root: '/nowhere', expires: 1, rds: { site: 'west', id: 'copy-of-shop-db-west', of: 'shop-db-west' }, inService: { rds } },
    };
    return at.context({ live: false, run: 'rehearsal-shop', system, ...options });
  };
  const instances = async () => (await at.ledger()).filter(({ kind, gone, service: of }) => of === 'rds' && kind === 'instance' && !gone);

  it('saves the member, restores it under its own identifier where no way leads out, and tags all of it as a rehearsal', async () => {
    const made = context();
    const { outputs, evidence, findings } = await declared(name, 'rehearse', () =>
      rehearse(name, wanted({ groups: [pair.west.group] }), made),
    );
    const { of, from } = outputs as { of: string; from: string };
    assert.equal(of, 'shop-db-west');
    assert.match(from, /:snapshot:shop-db-west-[0-9a-z]{12}$/u);
    const copy = await instanceAt(at, 'west', 'copy-of-shop-db-west');
    assert.deepEqual(
      [copy?.PubliclyAccessible, copy?.BackupRetentionPeriod, copy?.ReadReplicaSourceDBInstanceIdentifier],
      [false, 0, undefined],
    );
    assert.match(evidence.join(' '), /No way leads out of its subnets/u);
    assert.deepEqual(findings, []);
    const own = (await at.ledger()).filter(({ gone, tags }) => !gone && tags['lifeboat:purpose'] === 'rehearsal');
    assert.deepEqual(own.map(({ kind, tags }) => `${kind} ${tags['lifeboat:expires'] !== undefined}`).sort(), [
      'instance true',
      'snapshot true',
    ]);
    assert.ok((await instanceAt(at, 'west', 'shop-db-west'))?.ReadReplicaSourceDBInstanceIdentifier);
    const promoted = await rehearse('rds.promote', { site: 'west', id: 'copy-of-shop-db-west' }, made);
    assert.match(promoted.evidence.join(' '), /followed nobody: how long RDS takes to promote a replica, only a live exercise proves/u);
  });

  it('makes one when it is run twice, and when answers are lost', async () => {
    const made = context();
    await at.faults([
      { service: 'rds', operation: 'CreateDBSnapshot', kind: 'lose' },
      { service: 'rds', operation: 'RestoreDBInstanceFromDBSnapshot', kind: 'lose' },
    ]);
    for (const code of ['aws-lost', 'aws-lost']) assert.equal((await failure(rehearse(name, wanted(), made))).code, code);
    await rehearse(name, wanted(), made);
    await rehearse(name, wanted(), made);
    const own = (await at.ledger()).filter(
      ({ gone, tags, service: of }) => !gone && of === 'rds' && tags['lifeboat:purpose'] === 'rehearsal',
    );
    assert.deepEqual(own.map(({ kind }) => kind).sort(), ['instance', 'snapshot']);
  });

  it('is made of the newest backup that lies there where that is wanted', async () => {
    const taken = { ...pair.system };
    const saved = await carryOut('rds.snapshot', { site: 'west', id: 'shop-db-west' }, at.context({ system: taken }));
    const { outputs, findings } = await rehearse(name, wanted({ from: 'backup' }), context());
    assert.equal((outputs as { from: string }).from, (saved.outputs as { arn: string }).arn);
    assert.deepEqual(findings, []);
  });

  it('says that a backup is too old, and that there is none at all', async () => {
    assert.equal((await failure(rehearse(name, wanted({ from: 'backup' }), context()))).code, 'rds-no-backup');
    await carryOut('rds.snapshot', { site: 'west', id: 'shop-db-west' }, at.context({ system: pair.system }));
    const made = context();
    const inTwoHours = new Date(Date.now() + 7_200_000).toISOString();
    const { findings } = await rehearse(name, wanted({ from: 'backup' }), { ...made, run: { ...made.run, startedAt: inTwoHours } });
    assert.deepEqual(
      findings?.map(({ subject, code, weight }) => [subject, code, weight]),
      [[made.step.id, 'backup-stale', 'must']],
      'the next rehearsal in which this step finds it no more closes it',
    );
  });

  it('touches nothing that it did not make: what has its name, what is in service, and anything in a live run', async () => {
    const before = (await instances()).map(({ id }) => id);
    for (const wrong of [{ id: 'shop-db-west' }, { of: 'shop-db' }, { site: 'east' }])
      assert.equal((await failure(rehearse(name, wanted(wrong), context()))).code, 'not-a-copy');
    assert.equal((await failure(rehearse(name, wanted(), context({ live: true })))).code, 'rehearsal-only');
    await assert.rejects(typeOf(name).execute(wanted(), context()), { code: 'rehearsal-only' });
    const rds = await service('rds', 'west', at.context());
    await rds.createDBInstance({
      DBInstanceIdentifier: 'copy-of-shop-db-west',
      Engine: 'postgres',
      DBInstanceClass: 'db.m7g.large',
      AllocatedStorage: 20,
      MasterUsername: 'shop',
      MasterUserPassword: 'only-for-this-test',
    });
    for (const act of [() => typeOf(name).preflight(wanted(), context()), () => rehearse(name, wanted(), context())])
      assert.equal((await failure(act() as Promise<unknown>)).code, 'copy-there');
    assert.deepEqual((await instances()).map(({ id }) => id).sort(), [...before, 'copy-of-shop-db-west'].sort());
  });

  it('only reads in its preflight, and is refused where a way leads out, the member is missing or a quota is full', async () => {
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    await typeOf(name).preflight(wanted(), context()).finally(stop);
    assert.deepEqual(
      calls.filter((call) => !/:(?:Describe|Get|List|Simulate)/u.test(call)),
      [],
    );
    await at.settings({ quotas: { 'rds:instances': 1 } });
    assert.equal((await failure(typeOf(name).preflight(wanted(), context()))).code, 'aws-quota');
    await at.settings({ quotas: {} });
    const ec2 = await service('ec2', 'west', at.context());
    const { InternetGateway } = await ec2.createInternetGateway({});
    await ec2.attachInternetGateway({ InternetGatewayId: InternetGateway!.InternetGatewayId, VpcId: pair.west.vpc });
    const { RouteTables = [] } = await ec2.describeRouteTables({ Filters: [{ Name: 'vpc-id', Values: [pair.west.vpc] }] });
    await ec2.createRoute({
      RouteTableId: RouteTables[0]!.RouteTableId,
      DestinationCidrBlock: '0.0.0.0/0',
      GatewayId: InternetGateway!.InternetGatewayId,
    });
    for (const act of [() => typeOf(name).preflight(wanted(), context()), () => rehearse(name, wanted(), context())])
      assert.equal((await failure(act() as Promise<unknown>)).code, 'not-isolated');
    assert.equal((await instances()).length, 2);
  });
});
