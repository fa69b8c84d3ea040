import assert from 'node:assert/strict';
import { credentials } from '../../lab/aws/home.ts';
import { controlQueue, runId, type Readiness } from '../../workflows/wire.ts';
import { give, policiesAt, ungive } from './policies.ts';
import { CloudWorld } from './world.ts';

describe('whether a system at AWS is ready', function () {
  this.timeout(120_000);
  let world: CloudWorld;
  before(async () => {
    Object.assign(process.env, credentials);
    world = await CloudWorld.up();
  });
  after(() => world?.down());
  afterEach(() => ungive(world));

  const look = async (): Promise<Readiness> =>
    world.client.workflow.execute('readiness', {
      workflowId: runId('readiness', 'shop'),
      taskQueue: controlQueue,
      args: [{ system: 'shop' }],
    });
  const problems = ({ looks }: Readiness): string[] =>
    looks.flatMap(({ subject, problems: all }) => all.map(({ code }) => `${subject}/${code}`));

  it('asks every region, also for the way back, and misses what was never done', async () => {
    const seen = await look();
    const subjects = seen.looks.map(({ subject }) => subject);
    for (const subject of ['rds.promote at us-west-2', 'rds.promote at us-east-1', 'worker vault', 'certificate of shop-db at us-east-1'])
      assert.ok(subjects.includes(subject), `${subject} is not among ${subjects.join('; ')}`);
    assert.deepEqual(
      problems(seen).filter(
        (id) => !/\/(?:never-proven|not-scheduled|unproven|one-failure-domain|development-server|one-machine|no-parameters)$/u.test(id),
      ),
      [],
    );
  });

  it('names the one right that a role lacks, where it lacks it, and what needs it', async () => {
    await give(world, await policiesAt(world, 'shop-failover'), 'rds:PromoteReadReplica');
    const seen = await look();
    assert.equal(seen.ready, false);
    assert.match(
      seen.because.join('\n'),
      /role\/lifeboat may not call rds:PromoteReadReplica, which rds\.promote needs at us-west-2.*Needed by shop-fail(?:over|back) \(promote\)/u,
    );
  });

  it('sees an instance that the inventory names and that is gone', async () => {
    const { ec2 } = await world.at('us-east-1');
    const { Reservations = [] } = await ec2.describeInstances({});
    const named = (await look()).looks.flatMap(({ subject }) => /^instance (\S+)$/u.exec(subject)?.[1] ?? []);
    const victim = Reservations.flatMap(({ Instances = [] }) => Instances.flatMap(({ InstanceId }) => InstanceId ?? [])).find((id) =>
      named.includes(id),
    );
    await ec2.terminateInstances({ InstanceIds: [victim!] });
    assert.ok(problems(await look()).includes(`instance ${victim}/instance-gone`));
  });
});
