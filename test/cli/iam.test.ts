import assert from 'node:assert/strict';
import { json, lifeboat } from './call.ts';
import type { SitePolicy } from '../../plan/permissions.ts';

/** The most characters of the policies of a role, blanks left out. Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const most = 10_240;
const cloud = ['--runbooks', 'runbooks/cloud'];

describe('lifeboat iam', function () {
  this.timeout(60_000);

  it('prints the policy of each AWS site, whichever of them serves', async () => {
    const called = await lifeboat(['iam', 'shop-failover', ...cloud]);
    assert.equal(called.code, 0, called.err);
    const all = json(called) as readonly SitePolicy[];
    assert.deepEqual(all.map(({ site }) => site).sort(), ['us-east-1', 'us-west-2']);
    for (const { role, policy } of all) {
      assert.equal(role, 'arn:aws:iam::111111111111:role/lifeboat');
      const allowed = policy.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
      for (const action of ['rds:PromoteReadReplica', 'ec2:RunInstances', 'ec2:CreateTags', 's3:PutObject'])
        assert.ok(allowed.includes(action), action);
      assert.deepEqual(
        allowed.filter((action) => action.includes('*') || action === 'iam:PassRole'),
        [],
        'no wildcards, and no roles where no step gives any',
      );
    }
    // One role of both sites carries both.
    assert.ok(all.reduce((sum, { policy }) => sum + JSON.stringify(policy).length, 0) < most);
  });

  it('prints a plain document of one site, which nothing else is written into', async () => {
    const called = await lifeboat(['iam', 'shop-failover', '--rehearsal', '--site', 'us-west-2', ...cloud]);
    assert.equal(called.code, 0, called.err);
    const { Version, Statement } = json(called);
    assert.equal(Version, '2012-10-17');
    assert.match(JSON.stringify(Statement), /"StringNotEquals":\{"aws:ResourceTag\/lifeboat:purpose":"rehearsal"\}/u);
    assert.match(called.err, /us-west-2: account 111111111111, role arn:aws:iam::111111111111:role\/lifeboat/u);
  });

  it('says what is wrong with what it was asked, and what to do', async () => {
    const site = await lifeboat(['iam', 'shop-failover', '--site', 'us-west-1', ...cloud]);
    assert.equal(site.code, 2);
    assert.match(site.err, /calls nothing at "us-west-1".*\n.*us-east-1, us-west-2/u);
    const none = await lifeboat(['iam', 'orders-failover', '--runbooks', 'runbooks']);
    assert.equal(none.code, 1);
    assert.match(none.err, /orders-failover calls nothing at AWS/u);
    assert.equal((await lifeboat(['iam', ...cloud])).code, 2);
  });
});
