import assert from 'node:assert/strict';
import { cloud, type Cloud } from '../activities/cloud.ts';
import { at, database, refusal } from './cloud.ts';

const allow = (Action: string | string[], more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more });
const deny = (Action: string | string[], Condition: object) => ({ Effect: 'Deny', Action, Resource: '*', Condition });
const only = (c: Cloud, ...Statement: object[]) => c.settings({ iam: true, policies: { lifeboat: { Version: '2012-10-17', Statement } } });

// docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and ..._condition_operators.html
describe('emulated AWS, policies', () => {
  it('what no policy allows is refused, in the words of each service, and nobody else is', async () => {
    const [c, other] = [await cloud(), await cloud()];
    const [ec2, rds, secrets, route53] = [
      await at(c, 'east', 'ec2'),
      await at(c, 'east', 'rds'),
      await at(c, 'east', 'secrets'),
      await at(c, 'east', 'route53'),
    ];
    await only(c, allow('ec2:DescribeVolumes'));
    await ec2.describeVolumes({});
    const denied = await refusal(ec2.describeSnapshots({}));
    assert.equal(denied.name, 'UnauthorizedOperation');
    assert.match(denied.message, /ec2:DescribeSnapshots/u);
    assert.equal((await refusal(rds.describeDBInstances({}))).name, 'AccessDenied');
    assert.equal((await refusal(secrets.getSecretValue({ SecretId: 'x' }))).name, 'AccessDeniedException');
    assert.equal((await refusal(route53.listHostedZones({}))).name, 'AccessDenied');
    await (await at(other, 'east', 'ec2')).describeSnapshots({});
    await (await at(c, 'east', 'sts')).getCallerIdentity({});
  });

  it('a dry run tells it too', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const { VolumeId } = await ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8 });
    const dry = () => refusal(ec2.createSnapshot({ VolumeId, DryRun: true }));
    await only(c, allow('ec2:Describe*'));
    assert.equal((await dry()).name, 'UnauthorizedOperation');
    await only(c, allow('ec2:CreateSnapshot'));
    assert.equal((await dry()).name, 'DryRunOperation');
  });

  it('a deny by tag keeps a rehearsal to what is tagged as its own', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const volume = async (value?: string) => {
      const tags = value === undefined ? [] : [{ ResourceType: 'volume' as const, Tags: [{ Key: 'lifeboat:purpose', Value: value }] }];
      return (await ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8, TagSpecifications: tags })).VolumeId;
    };
    const [own, live, plain] = [await volume('rehearsal'), await volume('live'), await volume()];
    await only(c, allow('ec2:*'), deny('ec2:DeleteVolume', { StringNotEquals: { 'aws:ResourceTag/lifeboat:purpose': 'rehearsal' } }));
    assert.equal((await refusal(ec2.deleteVolume({ VolumeId: live }))).name, 'UnauthorizedOperation');
    assert.equal((await refusal(ec2.deleteVolume({ VolumeId: plain }))).name, 'UnauthorizedOperation');
    await ec2.deleteVolume({ VolumeId: own });
  });

  it('what is made must be tagged where the policy says so', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const make = (Value?: string) =>
      ec2.createVolume({
        AvailabilityZone: 'us-east-1a',
        Size: 8,
        ...(Value === undefined ? {} : { TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'lifeboat:purpose', Value }] }] }),
      });
    await only(
      c,
      allow('ec2:CreateTags'),
      allow('ec2:CreateVolume', { Condition: { StringEquals: { 'aws:RequestTag/lifeboat:purpose': 'rehearsal' } } }),
    );
    assert.equal((await refusal(make())).name, 'UnauthorizedOperation');
    assert.equal((await refusal(make('live'))).name, 'UnauthorizedOperation');
    await make('rehearsal');
    await only(
      c,
      allow(['ec2:CreateTags', 'ec2:CreateVolume']),
      deny('ec2:CreateVolume', { Null: { 'aws:RequestTag/lifeboat:purpose': 'true' } }),
    );
    assert.equal((await refusal(make())).name, 'UnauthorizedOperation');
    await make('live');
  });

  it('tags of databases count too, and so does the region', async () => {
    const c = await cloud();
    const [east, west] = [await at(c, 'east', 'rds'), await at(c, 'west', 'rds')];
    await database(c, 'east', 'own', { Tags: [{ Key: 'lifeboat:purpose', Value: 'rehearsal' }] });
    await database(c, 'east', 'shop');
    const own = { Condition: { StringEquals: { 'aws:ResourceTag/lifeboat:purpose': 'rehearsal', 'aws:RequestedRegion': 'us-east-1' } } };
    await only(c, allow('rds:DeleteDBInstance', own));
    const gone = { SkipFinalSnapshot: true };
    assert.equal((await refusal(east.deleteDBInstance({ DBInstanceIdentifier: 'shop', ...gone }))).name, 'AccessDenied');
    assert.equal((await refusal(west.deleteDBInstance({ DBInstanceIdentifier: 'own', ...gone }))).name, 'AccessDenied');
    await east.deleteDBInstance({ DBInstanceIdentifier: 'own', ...gone });
  });

  // docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
  it('what they would allow is told without doing it', async () => {
    const c = await cloud();
    const iam = await at(c, 'east', 'iam');
    const ask = async (
      role: string,
      ContextEntries: { ContextKeyName: string; ContextKeyValues: string[]; ContextKeyType: 'string' }[] = [],
    ) => {
      const asked = {
        PolicySourceArn: `arn:aws:iam::${c.account}:role/${role}`,
        ActionNames: ['rds:StopDBInstance', 'ec2:StopInstances', 'ec2:StartInstances'],
      };
      const { EvaluationResults } = await iam.simulatePrincipalPolicy({ ...asked, ContextEntries });
      return EvaluationResults!.map(({ EvalDecision }) => EvalDecision);
    };
    assert.deepEqual(await ask('lifeboat'), ['allowed', 'allowed', 'allowed']);
    const own = { StringEquals: { 'aws:ResourceTag/lifeboat:purpose': 'rehearsal' } };
    await only(c, allow(['iam:SimulatePrincipalPolicy', 'ec2:St*']), deny('ec2:StopInstances', { StringNotEquals: own.StringEquals }));
    assert.deepEqual(await ask('lifeboat'), ['implicitDeny', 'explicitDeny', 'allowed']);
    const entry = {
      ContextKeyName: 'aws:ResourceTag/lifeboat:purpose',
      ContextKeyValues: ['rehearsal'],
      ContextKeyType: 'string' as const,
    };
    assert.deepEqual(await ask('lifeboat', [entry]), ['implicitDeny', 'allowed', 'allowed']);
    assert.match((await refusal(ask('nobody'))).name, /^NoSuchEntity/u);
    await only(c, allow('ec2:*'));
    assert.equal((await refusal(ask('lifeboat'))).name, 'AccessDenied');
  });
});
