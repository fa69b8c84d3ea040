import assert from 'node:assert/strict';
import type { Change } from '@aws-sdk/client-route-53';
import { cloud, type Cloud } from '../activities/cloud.ts';
import { until } from '../activities/estate.ts';
import { at, refusal } from './cloud.ts';

const weighted = (Action: Change['Action'], SetIdentifier: string, Weight: number, Value = `${SetIdentifier}.example`): Change => ({
  Action,
  ResourceRecordSet: { Name: 'www.shop.example', Type: 'CNAME', SetIdentifier, Weight, TTL: 30, ResourceRecords: [{ Value }] },
});

async function zone(c: Cloud) {
  const route53 = await at(c, 'west', 'route53');
  const { HostedZone } = await route53.createHostedZone({ Name: 'shop.example', CallerReference: 'one' });
  const HostedZoneId = HostedZone!.Id!;
  const change = (...Changes: Change[]) => route53.changeResourceRecordSets({ HostedZoneId, ChangeBatch: { Changes } });
  const weights = async () => {
    const { ResourceRecordSets } = await route53.listResourceRecordSets({ HostedZoneId });
    return Object.fromEntries(ResourceRecordSets!.flatMap(({ SetIdentifier, Weight }) => (SetIdentifier ? [[SetIdentifier, Weight]] : [])));
  };
  return { route53, change, weights };
}

// docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html, API_GetChange.html, API_CreateHealthCheck.html
describe('emulated AWS, Route 53', () => {
  it('a change is pending until it is in sync', async () => {
    const c = await cloud();
    const { route53, change } = await zone(c);
    await c.settings({ seconds: { 'route53:change': 0.5 } });
    const { ChangeInfo } = await change(weighted('CREATE', 'east', 100));
    assert.equal(ChangeInfo!.Status, 'PENDING');
    await until('the change', async () => (await route53.getChange({ Id: ChangeInfo!.Id })).ChangeInfo!.Status === 'INSYNC');
    assert.equal((await refusal(route53.getChange({ Id: '/change/C0000000000000000000' }))).name, 'NoSuchChange');
  });

  it('a batch is applied whole or not at all', async () => {
    const { change, weights } = await zone(await cloud());
    await change(weighted('CREATE', 'east', 100), weighted('CREATE', 'west', 0));
    const again = await refusal(change(weighted('UPSERT', 'east', 0), weighted('CREATE', 'west', 100)));
    assert.equal(again.name, 'InvalidChangeBatch');
    assert.match(again.message, /already exists/u);
    assert.deepEqual(await weights(), { east: 100, west: 0 });
    await change(weighted('UPSERT', 'east', 0), weighted('UPSERT', 'west', 100));
    assert.deepEqual(await weights(), { east: 0, west: 100 });
  });

  it('a deletion names the record as it is: that is its compare-and-swap', async () => {
    const { change, weights } = await zone(await cloud());
    await change(weighted('CREATE', 'east', 100));
    const old = change(weighted('DELETE', 'east', 50), weighted('CREATE', 'east', 0));
    assert.equal((await refusal(old)).name, 'InvalidChangeBatch');
    assert.equal((await refusal(change(weighted('DELETE', 'north', 50)))).name, 'InvalidChangeBatch');
    await change(weighted('DELETE', 'east', 100), weighted('CREATE', 'east', 0));
    assert.deepEqual(await weights(), { east: 0 });
  });

  it('a record of another policy beside weighted ones is refused', async () => {
    const { change } = await zone(await cloud());
    await change(weighted('CREATE', 'east', 100));
    const simple = { Name: 'www.shop.example', Type: 'CNAME' as const, TTL: 30, ResourceRecords: [{ Value: 'x.example' }] };
    assert.equal((await refusal(change({ Action: 'CREATE', ResourceRecordSet: simple }))).name, 'InvalidChangeBatch');
  });

  it('a caller reference makes one zone and one health check', async () => {
    const { route53 } = await zone(await cloud());
    const twice = route53.createHostedZone({ Name: 'shop.example', CallerReference: 'one' });
    assert.equal((await refusal(twice)).name, 'HostedZoneAlreadyExists');
    const check = (Port: number) =>
      route53.createHealthCheck({
        CallerReference: 'two',
        HealthCheckConfig: { Type: 'HTTPS', FullyQualifiedDomainName: 'x.example', Port },
      });
    const [first, second] = [await check(443), await check(443)];
    assert.equal(first.HealthCheck!.Id, second.HealthCheck!.Id);
    assert.equal((await refusal(check(8443))).name, 'HealthCheckAlreadyExists');
  });

  it('a health check is as it was set', async () => {
    const c = await cloud();
    const { route53 } = await zone(c);
    const { HealthCheck } = await route53.createHealthCheck({
      CallerReference: 'two',
      HealthCheckConfig: { Type: 'HTTPS', FullyQualifiedDomainName: 'x.example' },
    });
    const status = async () => {
      const { HealthCheckObservations } = await route53.getHealthCheckStatus({ HealthCheckId: HealthCheck!.Id });
      return HealthCheckObservations!.map(({ StatusReport }) => StatusReport!.Status!.split(':')[0]);
    };
    assert.ok((await status()).every((one) => one === 'Success'));
    await c.settings({ health: { [HealthCheck!.Id!]: 'Failure' } });
    assert.ok((await status()).every((one) => one === 'Failure'));
  });

  it('it does not answer while us-east-1 does not', async () => {
    const c = await cloud();
    const { route53 } = await zone(c);
    await c.settings({ unreachable: ['us-east-1'] });
    await assert.rejects(route53.listHostedZones({}), { code: 'aws-lost' });
    await (await at(c, 'west', 'ec2')).describeVolumes({});
  });
});
