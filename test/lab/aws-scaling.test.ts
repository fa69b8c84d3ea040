import assert from 'node:assert/strict';
import { cloud } from '../activities/cloud.ts';
import { until } from '../activities/estate.ts';
import { at, image, refusal } from './cloud.ts';

// docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html, API_DescribeScalingActivities.html
describe('emulated AWS, Auto Scaling', () => {
  async function group() {
    const c = await cloud();
    const [ec2, scaling] = [await at(c, 'west', 'ec2'), await at(c, 'west', 'autoScaling')];
    await ec2.createLaunchTemplate({
      LaunchTemplateName: 'shop',
      LaunchTemplateData: { ImageId: await image(c, 'west'), InstanceType: 'm7i.large' },
    });
    const { Subnets } = await ec2.describeSubnets({ Filters: [{ Name: 'availability-zone', Values: ['us-west-2a'] }] });
    const AutoScalingGroupName = 'shop';
    const made = {
      AutoScalingGroupName,
      MinSize: 0,
      MaxSize: 3,
      DesiredCapacity: 0,
      VPCZoneIdentifier: Subnets![0]!.SubnetId,
      LaunchTemplate: { LaunchTemplateName: 'shop' },
      Tags: [{ Key: 'system', Value: 'shop', PropagateAtLaunch: true }],
    };
    await scaling.createAutoScalingGroup(made);
    const states = async () => {
      const { AutoScalingGroups } = await scaling.describeAutoScalingGroups({ AutoScalingGroupNames: [AutoScalingGroupName] });
      return (AutoScalingGroups![0]!.Instances ?? []).map(({ LifecycleState }) => LifecycleState);
    };
    const activities = async () => (await scaling.describeScalingActivities({ AutoScalingGroupName })).Activities!;
    return { c, scaling, made, states, activities, id: { AutoScalingGroupName } };
  }

  it('a desired capacity outside the bounds is refused', async () => {
    const { scaling, made, id } = await group();
    for (const call of [
      () => scaling.updateAutoScalingGroup({ ...id, DesiredCapacity: 4 }),
      () => scaling.updateAutoScalingGroup({ ...id, MinSize: 2, DesiredCapacity: 1 }),
      () => scaling.setDesiredCapacity({ ...id, DesiredCapacity: 4 }),
      () => scaling.createAutoScalingGroup({ ...made, AutoScalingGroupName: 'other', DesiredCapacity: 4 }),
    ])
      assert.equal((await refusal(call())).name, 'ValidationError');
    assert.match((await refusal(scaling.createAutoScalingGroup(made))).name, /^AlreadyExists/u);
    await scaling.updateAutoScalingGroup({ ...id, MinSize: 1, MaxSize: 5, DesiredCapacity: 4 });
  });

  it('its instances are pending until they run, and each launch is an activity', async () => {
    const { c, scaling, states, activities, id } = await group();
    await c.settings({ seconds: { 'ec2:instance': 0.5 } });
    await scaling.setDesiredCapacity({ ...id, DesiredCapacity: 2 });
    assert.deepEqual(await states(), ['Pending', 'Pending']);
    await until('its instances', async () => (await states()).every((one) => one === 'InService'));
    assert.deepEqual(
      (await activities()).map(({ StatusCode }) => StatusCode),
      ['Successful', 'Successful'],
    );
    const { length } = (await c.ledger()).filter(({ kind, tags }) => kind === 'instance' && tags['system'] === 'shop');
    assert.equal(length, 2);
  });

  it('a launch without capacity is a failed activity, and is tried again', async () => {
    const { c, scaling, states, activities, id } = await group();
    await c.settings({ capacity: [{ type: 'm7i.large' }] });
    await scaling.setDesiredCapacity({ ...id, DesiredCapacity: 1 });
    const [failed] = await activities();
    assert.equal(failed!.StatusCode, 'Failed');
    assert.match(failed!.StatusMessage!, /capacity/u);
    await c.settings({ capacity: [] });
    await until('the instance', async () => (await states())[0] === 'InService');
  });
});

// docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
describe('emulated AWS, CloudWatch', () => {
  it('a metric that was put is read', async () => {
    const c = await cloud();
    const metrics = await at(c, 'west', 'cloudWatch');
    const Dimensions = [{ Name: 'DBInstanceIdentifier', Value: 'shop' }];
    const [from, now] = [new Date(Date.now() - 600_000), new Date()];
    const MetricData = [{ MetricName: 'ReplicaLag', Dimensions, Timestamp: now, Value: 7, Unit: 'Seconds' as const }];
    await metrics.putMetricData({ Namespace: 'AWS/RDS', MetricData });
    const { MetricDataResults } = await metrics.getMetricData({
      StartTime: from,
      EndTime: new Date(Date.now() + 60_000),
      MetricDataQueries: [
        { Id: 'lag', MetricStat: { Metric: { Namespace: 'AWS/RDS', MetricName: 'ReplicaLag', Dimensions }, Period: 60, Stat: 'Maximum' } },
      ],
    });
    assert.deepEqual(MetricDataResults![0]!.Values, [7]);
  });
});
