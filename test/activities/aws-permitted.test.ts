import assert from 'node:assert/strict';
import { z } from 'zod';
import { onCall } from '../../activities/aws/client.ts';
import { needsOfRun, needsOfStep, type Declared } from '../../activities/aws/needs.ts';
import { permitted } from '../../activities/aws/permitted.ts';
import { looking } from '../../activities/ec2/actions.ts';
import { siteName } from '../../activities/fields.ts';
import { cloud, type Cloud } from './cloud.ts';
import { failure, typeOf } from './estate.ts';

const input = z.object({
  site: siteName(),
  from: siteName().optional(),
  original: z.object({ site: siteName() }).optional(),
  key: z.string().optional(),
  data: z.string().optional(),
});
const type: Declared = {
  name: 'test.copy',
  input,
  iam: {
    preflight: ['sts:GetCallerIdentity', 'ec2:DescribeVolumes'],
    execute: ['ec2:StopInstances', 'ec2:ModifySnapshotAttribute', 'rds:DescribeDBInstances'],
    rehearse: ['ec2:DescribeRouteTables'],
    undo: ['ec2:DeleteVolume'],
  },
  iamAt: { from: ['ec2:DescribeVolumes', 'ec2:ModifySnapshotAttribute'], 'original.site': ['rds:DescribeDBInstances'] },
  iamAcross: ['ec2:ModifySnapshotAttribute'],
  iamIf: { 'ec2:StopInstances': ['key'] },
};
const ask = 'iam:SimulatePrincipalPolicy';
/** By which is looked for what a rehearsal leaves. */
const swept = looking.filter((action) => action !== 'sts:GetCallerIdentity');

describe('what a step needs at each AWS site', () => {
  const needs = (given: object, purpose: 'live' | 'rehearsal' = 'live', of: Declared = type) =>
    needsOfStep(of, given, { purpose, target: 'west', account: (site) => (site === 'vault' ? '2' : site === 'else' ? undefined : '1') });

  it('is what it calls in a live run, or in a rehearsal, and to ask whether it may', () => {
    const west = ['ec2:DeleteVolume', 'ec2:DescribeVolumes', 'rds:DescribeDBInstances'];
    assert.deepEqual(needs({ site: 'west', from: 'west' }), { west: [...west, ask].sort() });
    const rehearsed = needs({ site: 'west', from: 'west' }, 'rehearsal');
    assert.deepEqual(rehearsed, { west: [...new Set(['ec2:DeleteVolume', 'ec2:DescribeRouteTables', ask, ...swept])].sort() });
  });

  it('is told apart by the field that names the site, those inside of others too; a site left out is the target', () => {
    const all = needs({ site: 'east', original: { site: 'north' } });
    assert.deepEqual(all['north'], [ask, 'rds:DescribeDBInstances']);
    assert.deepEqual(all['west'], ['ec2:DescribeVolumes', ask]);
    assert.ok(all['east']!.includes('ec2:DeleteVolume'));
  });

  it('holds what is only called between accounts where they differ or are not known', () => {
    for (const [from, is] of [
      ['east', false],
      ['vault', true],
      ['else', true],
    ] as const)
      assert.equal(needs({ site: 'west', from })[from]!.includes('ec2:ModifySnapshotAttribute'), is, from);
  });

  it('holds what is only called for a field where the input has that field, also one that only the run will know', () => {
    assert.ok(!needs({ site: 'west' })['west']!.includes('ec2:StopInstances'));
    assert.ok(needs({ site: 'west', key: { $ref: ['steps', 'x', 'outputs', 'key'] } })['west']!.includes('ec2:StopInstances'));
  });

  it('holds what AWS asks for beside: tags, keys, roles', () => {
    const of = (...execute: string[]) => needs({ site: 'west', from: 'west' }, 'live', { ...type, iam: { execute }, iamAt: {} })['west'];
    const keys = ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncryptFrom'];
    assert.deepEqual(of('ec2:CreateVolume'), ['ec2:CreateTags', 'ec2:CreateVolume', ask, ...keys, 'kms:ReEncryptTo']);
    assert.deepEqual(of('rds:CreateDBSnapshot'), [ask, 'rds:AddTagsToResource', 'rds:CreateDBSnapshot']);
    assert.deepEqual(of('rds:CopyDBSnapshot'), [ask, 'kms:CreateGrant', 'kms:DescribeKey', 'rds:AddTagsToResource', 'rds:CopyDBSnapshot']);
    assert.deepEqual(of('ec2:DescribeImages'), ['ec2:DescribeImages', ask]);
  });

  it('holds the secrets that it reads, and those of the run', () => {
    assert.deepEqual(needs({ site: 'west', from: 'west', data: 'aws:vault:shop/app' })['vault'], ['secretsmanager:GetSecretValue']);
    const rds = {
      members: { east: 'a', west: 'b' },
      port: 5432,
      database: 'd',
      connect: {},
      login: { user: 'u', password: 'aws:north:x' },
    };
    const run = needsOfRun({ system: { rds }, source: { site: 'east' }, target: { site: 'west' } });
    const asked = ['cloudwatch:GetMetricData', 'ec2:DescribeRegions', 'rds:DescribeDBInstances'];
    assert.deepEqual(run, { east: asked, west: asked, north: ['secretsmanager:GetSecretValue'] });
  });
});

describe('permissions are asked for before a run', () => {
  let at: Cloud;
  const given = { site: 'west', from: 'vault', key: 'k' };
  const allow = (Action: readonly string[], more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more });
  const only = (...Statement: object[]) =>
    at.settings({ iam: true, policies: { lifeboat: { Version: '2012-10-17', Statement: [allow([ask]), ...Statement] } } });
  const west = ['ec2:DeleteVolume', 'ec2:DescribeVolumes', 'ec2:StopInstances', 'rds:DescribeDBInstances'];
  beforeEach(async () => (at = await cloud()));

  it('names every action that is denied, at which site, of which role', async () => {
    await only(allow(['ec2:DescribeVolumes', 'ec2:ModifySnapshotAttribute', 'ec2:StopInstances']));
    const refused = await failure(permitted(type, given, at.context()));
    assert.deepEqual([refused.code, refused.remedy], ['aws-permission', 'person']);
    assert.match(refused.message, /role\/lifeboat may not call ec2:DeleteVolume, rds:DescribeDBInstances, which test.copy needs at west/u);
  });

  it('tells that all is allowed, and asks again as soon as it was not', async () => {
    const context = at.context();
    await only(allow(west));
    await failure(permitted(type, given, context));
    await only(allow([...west, 'ec2:ModifySnapshotAttribute']));
    assert.match((await permitted(type, given, context)).join(' '), /may call the 5 actions .* at west\. .* the 2 actions .* at vault/u);
  });

  it('asks once for many steps of a run, and anew for the next', async () => {
    await only(allow([...west, 'ec2:ModifySnapshotAttribute']));
    let asked = 0;
    const stop = onCall(({ action }) => void (asked += action === ask ? 1 : 0));
    try {
      const context = at.context();
      await Promise.all([1, 2, 3].map(() => permitted(type, given, context)));
      assert.equal(asked, 2);
      await permitted(type, given, { ...context, run: { ...context.run, runId: 'another' } });
      assert.equal(asked, 4);
    } finally {
      stop();
    }
  });

  it('asks as the calls will be: in the region, with the tags of a live run or of a rehearsal', async () => {
    const tagged = { StringEquals: { 'aws:ResourceTag/lifeboat:purpose': 'rehearsal' } };
    await only(allow([...west, ...swept, 'ec2:ModifySnapshotAttribute', 'ec2:DescribeRouteTables'], { Condition: tagged }));
    await permitted(type, given, at.context({ live: false }));
    assert.equal((await failure(permitted(type, given, at.context()))).code, 'aws-permission');
    await only(allow([...west, 'ec2:ModifySnapshotAttribute'], { Condition: { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } } }));
    assert.equal((await failure(permitted(type, given, at.context()))).code, 'aws-permission');
  });

  it('stops nothing where IAM does not answer or may not be asked, and says so', async () => {
    const told = async () => (await permitted(type, given, at.context())).join(' ');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match(await told(), /Whether .* at west is not known/u);
    await at.settings({ unreachable: [] });
    await at.settings({ iam: true, policies: { lifeboat: { Version: '2012-10-17', Statement: [allow(west)] } } });
    assert.match(await told(), /is not known: .*AccessDenied/u);
    await at.settings({ iam: false, policies: {} });
    await at.faults([{ service: 'iam', kind: 'throttle', times: 2 }]);
    assert.match(await told(), /is not known/u);
    await at.faults([{ service: 'iam', kind: 'slow', seconds: 5, times: 2 }]);
    assert.match(await told(), /is not known: IAM does not answer within 3 s/u);
  });

  it('comes before what the preflight of a step finds itself, and names what is missing of all phases', async () => {
    await only(allow(['ec2:DescribeInstances']));
    const refused = await failure(
      typeOf('ec2.stop').preflight({ site: 'east', id: 'i-0123456789abcdef0' }, at.context()) as Promise<unknown>,
    );
    assert.match(refused.message, /may not call .*ec2:StartInstances, ec2:StopInstances/u);
  });
});
