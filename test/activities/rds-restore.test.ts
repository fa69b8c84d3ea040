import assert from 'node:assert/strict';
import { service } from '../../activities/aws/client.ts';
import { called } from './called.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { instanceAt, pairOf, type Pair } from './rds-pair.ts';

const name = 'rds.restore';
type Done = Awaited<ReturnType<typeof carryOut>> & {
  outputs: {
    id: string;
    arn: string;
    class: string;
    groups: string[];
    from: string;
    address: string;
    port: number;
    'recovery-point': string;
  };
};

describe(name, () => {
  let at: Cloud;
  let pair: Pair;
  let input: { site: string; snapshot: string; id: string; subnets: string; groups: string[] };
  beforeEach(async () => {
    at = await cloud();
    pair = await prepare(at);
    input = { site: 'east', snapshot: 'nightly', id: 'shop-db-restored', subnets: 'shop', groups: [pair.east.group] };
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ system: pair.system, ...more });
  const restore = async (made = context(), wanted: object = input): Promise<Done> => (await carryOut(name, wanted, made)) as Done;
  const instances = async () => (await at.ledger()).filter(({ kind, gone }) => kind === 'instance' && !gone).map(({ id }) => id);

  it('restores a snapshot into a new instance that is harmless, and tells where it is', async () => {
    await at.settings({ seconds: { 'rds:instance': 0.4 } });
    const { outputs, evidence } = await restore(context({ key: 'one' }));
    const found = (await instanceAt(at, 'east', 'shop-db-restored'))!;
    assert.deepEqual(
      [found.DBInstanceStatus, found.PubliclyAccessible, found.BackupRetentionPeriod, found.DeletionProtection, found.MultiAZ],
      ['available', false, 0, false, false],
    );
    assert.deepEqual(
      [outputs.id, outputs.groups, outputs.class, outputs.from],
      ['shop-db-restored', [pair.east.group], 'db.m7g.large', `arn:aws:rds:us-east-1:${at.account}:snapshot:nightly`],
    );
    assert.equal(outputs.address, found.Endpoint?.Address);
    assert.equal(outputs['recovery-point'], (await snapshotOf(at)).OriginalSnapshotCreateTime?.toISOString());
    assert.equal(found.TagList?.find(({ Key }) => Key === 'lifeboat:key')?.Value, 'one');
    assert.match(evidence.join(' '), /It is not public/u);
    assert.deepEqual((await instances()).sort(), ['shop-db', 'shop-db-restored']);
  });

  it('lets nobody in where no group is said', async () => {
    const { outputs } = await restore(context(), { ...input, groups: [] });
    const ec2 = await service('ec2', 'east', context());
    const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ GroupIds: outputs.groups });
    assert.deepEqual([group?.IpPermissions, group?.IpPermissionsEgress, group?.VpcId], [[], [], pair.east.vpc]);
  });

  it('takes the next class where there is no capacity, and needs a person where there is none for any', async () => {
    await at.settings({ capacity: [{ type: 'db.m7g.large' }] });
    const { outputs } = await restore(context(), { ...input, classes: ['db.m7g.large', 'db.m6g.large'] });
    assert.equal(outputs.class, 'db.m6g.large');
    const refused = await failure(restore(context(), { ...input, id: 'other', classes: ['db.m7g.large'] }));
    assert.deepEqual([refused.code, refused.remedy], ['aws-no-capacity', 'person']);
  });

  it('keeps backups and has a parameter group where it is said', async () => {
    const rds = await service('rds', 'east', context());
    await rds.createDBParameterGroup({ DBParameterGroupName: 'shop', DBParameterGroupFamily: 'postgres15', Description: 'shop' });
    await restore(context(), { ...input, parameters: 'shop', 'backup-days': 3 });
    const found = await instanceAt(at, 'east', 'shop-db-restored');
    assert.deepEqual([found?.BackupRetentionPeriod, found?.DBParameterGroups?.[0]?.DBParameterGroupName], [3, 'shop']);
  });

  it('makes one when it runs twice, and when the answer is lost', async () => {
    const made = context();
    await at.faults([{ service: 'rds', operation: 'RestoreDBInstanceFromDBSnapshot', kind: 'lose' }]);
    assert.equal((await failure(restore(made))).code, 'aws-lost');
    await restore(made);
    await restore(made);
    assert.deepEqual((await instances()).sort(), ['shop-db', 'shop-db-restored']);
  });

  it('leaves an instance alone that has the name: production, and what another run made', async () => {
    await restore(context({ run: 'drill-1' }));
    for (const id of ['shop-db-restored', 'shop-db'])
      for (const act of ['preflight', 'execute', 'verify'] as const) {
        const refused = await failure(typeOf(name)[act]({ ...input, id }, context()) as Promise<unknown>);
        assert.deepEqual([refused.code, refused.remedy], ['name-taken', 'person']);
      }
    assert.match((await undo(name, { ...input, id: 'shop-db' }, context())).join(), /made no instance/u);
    assert.deepEqual((await instances()).sort(), ['shop-db', 'shop-db-restored']);
  });

  it('undoes what it made, and nothing else', async () => {
    await at.settings({ seconds: { 'rds:instance': 0.4 } });
    const made = context();
    await restore(made);
    assert.match((await undo(name, input, made)).join(), /was deleted/u);
    assert.deepEqual(await instances(), ['shop-db']);
    await undo(name, input, made);
  });

  it('is put in a rehearsal only where nothing leads out, under a name of its own, for a day', async () => {
    const made = context({ live: false });
    const { outputs } = (await rehearse(name, input, made)) as Done;
    assert.match(outputs.id, /^shop-db-restored-[0-9a-z]{12}$/u);
    const found = await instanceAt(at, 'east', outputs.id);
    const tags = Object.fromEntries(found!.TagList!.map(({ Key, Value }) => [Key, Value]));
    assert.deepEqual([tags['lifeboat:purpose'], tags['lifeboat:expires']], ['rehearsal', '2026-11-23T10:00:00.000Z']);
    await undo(name, input, made);
    await openToTheWorld(at, pair.east.vpc);
    for (const act of [() => typeOf(name).preflight(input, made), () => rehearse(name, input, made)])
      assert.equal((await failure(act())).code, 'not-isolated');
    assert.deepEqual(await instances(), ['shop-db']);
  });

  it('refuses before what cannot be: snapshot, subnets, groups of another VPC, class, quota, account, region', async () => {
    const preflight = async (wanted: object, made = context()) =>
      (await failure(typeOf(name).preflight({ ...input, ...wanted }, made))).code;
    assert.match(await preflight({ subnets: 'none' }), /^(?:rds-no-subnets|aws-not-found)$/u);
    assert.equal(await preflight({ site: 'west', groups: [pair.west.group], snapshot: source(at) }), 'wrong-site');
    assert.equal(await preflight({ groups: ['sg-00000000000000000'] }), 'aws-not-found');
    assert.equal(await preflight({ classes: ['db.none.large'] }), 'class-not-offered');
    await at.settings({ quotas: { 'rds:instances': 1 } });
    assert.equal(await preflight({}), 'aws-quota');
    await at.settings({ quotas: {} });
    const wrong = { ...context(), aws: () => ({ ...at.sites['east']!, account: '000000000000' }) };
    assert.equal(await preflight({}, wrong), 'wrong-account');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match(await preflight({}), /^aws-(?:unreachable|lost)$/u);
  });

  it('fails where the snapshot is gone when it is needed, and takes no wildcard', async () => {
    assert.match((await typeOf(name).preflight({ ...input, snapshot: 'tonight' }, context())).join(), /tonight is not at east yet/u);
    assert.equal((await failure(restore(context(), { ...input, snapshot: 'tonight' }))).code, 'rds-no-snapshot');
    for (const wrong of [{ id: '*' }, { id: '' }, { snapshot: '*' }, { subnets: '*' }, { groups: ['*'] }])
      assert.throws(() => typeOf(name).input.parse({ ...input, ...wrong }));
  });

  it('changes nothing by its preflight, and calls only what it declares', async () => {
    const made = context();
    const wanted = { ...input, groups: [], classes: ['db.m7g.large'] };
    await called(name, 'preflight', () => typeOf(name).preflight(wanted, made));
    assert.deepEqual(await instances(), ['shop-db']);
    await called(name, 'execute', () => restore(made, wanted));
    await called(name, 'undo', () => undo(name, wanted, made));
    await called(name, 'rehearse', () => rehearse(name, wanted, context({ live: false })));
  });
});

faultTable(name, {
  prepare,
  input: ({ east }) => ({ site: 'east', snapshot: 'nightly', id: 'shop-db-restored', subnets: 'shop', groups: [east.group] }),
  options: ({ system }) => ({ system }),
  effects: (fresh) => fresh.filter(({ kind, gone }) => kind === 'instance' && !gone).map(({ id, state }) => `instance ${id} ${state}`),
});

/** A database at east with a snapshot `nightly`. */
async function prepare(at: Cloud): Promise<Pair> {
  const pair = await pairOf(at, { replica: false, encrypted: true });
  const rds = await service('rds', 'east', at.context());
  await rds.createDBSnapshot({ DBInstanceIdentifier: 'shop-db', DBSnapshotIdentifier: 'nightly' });
  return pair;
}

async function snapshotOf(at: Cloud) {
  const rds = await service('rds', 'east', at.context());
  return (await rds.describeDBSnapshots({ DBSnapshotIdentifier: 'nightly' })).DBSnapshots![0]!;
}

/** Gives a VPC a gateway to the internet. */
async function openToTheWorld(at: Cloud, vpc: string): Promise<void> {
  const ec2 = await service('ec2', 'east', at.context());
  const { InternetGateway } = await ec2.createInternetGateway({});
  const GatewayId = InternetGateway!.InternetGatewayId!;
  await ec2.attachInternetGateway({ InternetGatewayId: GatewayId, VpcId: vpc });
  const { RouteTables = [] } = await ec2.describeRouteTables({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] });
  await ec2.createRoute({ RouteTableId: RouteTables[0]!.RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId });
}

function source(at: Cloud): string {
  return `arn:aws:rds:us-east-1:${at.account}:snapshot:nightly`;
}
