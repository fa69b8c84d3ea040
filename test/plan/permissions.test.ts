import assert from 'node:assert/strict';
import { policies, type Needed, type Purpose, type SitePolicy } from '../../plan/permissions.ts';
import type { Statement } from '../../plan/policy.ts';
import type { Whole } from '../../plan/compile.ts';
import type { Plan } from '../../plan/plan.ts';

const role = (account: string) => `arn:aws:iam::${account}:role/lifeboat`;
const aws = (region: string, account?: string) => ({
  kind: 'aws' as const,
  steps: 4,
  aws: { region, apiShare: 1, ...(account === undefined ? {} : { account, role: { arn: role(account) } }) },
});
const sites = {
  east: aws('us-east-1', '111111111111'),
  west: aws('us-west-2', '111111111111'),
  own: aws('eu-west-1'),
  ground: { kind: 'datacenter' as const, steps: 4 },
};
type Needs = { readonly [site: string]: readonly string[] };
/** Steps by what they need; each may have other ways. */
const plan = (...steps: (readonly Needs[])[]): Plan =>
  ({
    sites,
    steps: [
      { kind: 'gate' },
      ...steps.map(([first, ...others]) => ({ kind: 'step', action: { needs: first }, else: others.map((needs) => ({ needs })) })),
    ],
  }) as unknown as Plan;
const whole = (one: Plan, ...children: Plan[]): Whole => ({ plan: one, children: new Map([['each', children]]) });
const needed = (ofRun: Needs = {}): Needed => ({
  ofRun: () => ofRun,
  ofStep: (action) => (action as unknown as { needs: Needs }).needs,
});
const of = (all: readonly SitePolicy[], site: string, sid: string): Statement | undefined =>
  all.find((one) => one.site === site)?.policy.Statement.find(({ Sid }) => Sid === sid);
const made = (actions: readonly string[], purpose: Purpose = 'live') => policies([whole(plan([{ east: actions }]))], needed(), purpose);

describe('the policies of a runbook', () => {
  it('hold for each AWS site what every way of each step needs there, of waves and child runs too, each once and in order', () => {
    const west = whole(plan([{ east: ['ec2:StopInstances'] }, { west: ['rds:StopDBInstance'] }]), plan([{ east: ['ec2:DescribeImages'] }]));
    const back = whole(plan([{ west: ['ec2:StopInstances'], ground: ['ec2:StopInstances'] }]));
    const all = policies([west, back], needed({ east: ['ec2:DescribeRegions', 'ec2:StopInstances'] }), 'live');
    assert.deepEqual(
      all.map(({ site, region, account, role: arn }) => [site, region, account, arn]),
      [
        ['east', 'us-east-1', '111111111111', role('111111111111')],
        ['west', 'us-west-2', '111111111111', role('111111111111')],
      ],
    );
    assert.deepEqual(of(all, 'east', 'Calls')!.Action, ['ec2:DescribeImages', 'ec2:DescribeRegions', 'ec2:StopInstances']);
    assert.deepEqual(of(all, 'west', 'Calls')!.Action, ['ec2:StopInstances', 'rds:StopDBInstance']);
    assert.deepEqual(policies([whole(plan([{ own: ['ec2:StopInstances'] }]))], needed(), 'live')[0]!.role, null);
  });

  it('hold for the region alone, copies also for the one that is copied from, and the services that have no region for all', () => {
    const needs = { west: ['ec2:CopySnapshot', 'ec2:DescribeSnapshots', 'route53:GetChange'], east: ['ec2:DescribeSnapshots'] };
    const all = policies([whole(plan([needs]))], needed(), 'live');
    const region = (site: string, sid: string) => of(all, site, sid)?.Condition?.['StringEquals']?.['aws:RequestedRegion'];
    assert.deepEqual(region('west', 'Calls'), ['us-west-2']);
    assert.deepEqual(region('west', 'Copies'), ['us-east-1', 'us-west-2']);
    assert.deepEqual(of(all, 'west', 'Copies')!.Action, ['ec2:CopySnapshot']);
    assert.deepEqual([of(all, 'west', 'GlobalCalls')!.Action, region('west', 'GlobalCalls')], [['route53:GetChange'], undefined]);
    assert.deepEqual([of(all, 'east', 'Copies'), region('east', 'Calls')], [undefined, ['us-east-1']]);
  });

  it('let keys be used through a service alone, roles be given to instances alone, and only the own role be asked about', () => {
    const all = made(['kms:CreateGrant', 'kms:DescribeKey', 'iam:PassRole', 'iam:SimulatePrincipalPolicy']);
    assert.deepEqual(of(all, 'east', 'Calls')!.Action, ['kms:DescribeKey']);
    const { Action, Condition } = of(all, 'east', 'KeysThroughServices')!;
    assert.deepEqual(Action, ['kms:CreateGrant']);
    assert.deepEqual(Object.values(Condition!).flatMap(Object.keys), ['kms:ViaService', 'kms:GrantIsForAWSResource']);
    assert.deepEqual(of(all, 'east', 'PassRoles')!.Condition, { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } });
    assert.equal(of(all, 'east', 'AskWhatIsAllowed')!.Resource, role('111111111111'));
  });

  it('of a live run let nothing be removed that Lifeboat did not make', () => {
    const all = made(['ec2:TerminateInstances', 'rds:DeleteDBSnapshot', 'ec2:DeleteTags', 'ec2:StopInstances', 's3:DeleteObject']);
    const denied = of(all, 'east', 'RemoveOnlyOurs')!;
    assert.deepEqual([denied.Effect, denied.Action], ['Deny', ['ec2:TerminateInstances', 'rds:DeleteDBSnapshot']]);
    assert.equal(of(made(['ec2:StopInstances']), 'east', 'RemoveOnlyOurs'), undefined);
  });

  it('of a rehearsal deny what is not tagged as its own: to make it, to touch it, to tag it', () => {
    const all = made(['ec2:RunInstances', 'ec2:CreateTags', 'ec2:StopInstances', 'ec2:DescribeImages', 's3:PutObject'], 'rehearsal');
    const denied = all[0]!.policy.Statement.filter(({ Effect }) => Effect === 'Deny');
    assert.deepEqual(
      denied.map(({ Action, Resource, NotResource }) => [Action, Resource ?? NotResource]),
      [
        [['ec2:RunInstances'], 'arn:*:ec2:*:*:instance/*'],
        [['ec2:RunInstances'], 'arn:*:ec2:*:*:volume/*'],
        [['ec2:StopInstances'], '*'],
        [['s3:PutObject'], 'arn:*:s3:::*/lifeboat-rehearsal-*'],
        [['ec2:CreateTags'], '*'],
      ],
    );
  });

  it('say of each creating action what it makes, else a rehearsal would be kept from it', () => {
    for (const action of ['ec2:CopySnapshot', 'rds:RestoreDBInstanceToPointInTime', 'ec2:CreateSecurityGroup'])
      assert.match(JSON.stringify(made([action], 'rehearsal')[0]!.policy), /MakeOnlyRehearsals1/u, action);
  });
});
