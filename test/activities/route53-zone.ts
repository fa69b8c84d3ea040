import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { service } from '../../activities/aws/client.ts';
import type { Cloud } from './cloud.ts';

export const record = 'shop.example.com';
export const weighted = (identifier: string, weight: number, name = record): ResourceRecordSet => ({
  Name: `${name}.`,
  Type: 'CNAME',
  SetIdentifier: identifier,
  Weight: weight,
  TTL: 30,
  ResourceRecords: [{ Value: `${identifier}.example.net` }],
});
export const failover = (identifier: string, role: 'PRIMARY' | 'SECONDARY'): ResourceRecordSet => {
  const { Weight: _, ...rest } = weighted(identifier, 0);
  return { ...rest, Failover: role };
};

/** A hosted zone with these records. @returns its id. */
export async function zoneOf(where: Cloud, records: readonly ResourceRecordSet[], site = 'east'): Promise<string> {
  const route53 = await service('route53', site, where.context());
  const { HostedZone } = await route53.createHostedZone({ Name: 'example.com', CallerReference: String(Math.random()) });
  const zone = HostedZone!.Id!.replace('/hostedzone/', '');
  await put(where, zone, records, site);
  return zone;
}

export async function put(where: Cloud, zone: string, records: readonly ResourceRecordSet[], site = 'east'): Promise<void> {
  const route53 = await service('route53', site, where.context());
  const Changes = records.map((ResourceRecordSet) => ({ Action: 'UPSERT' as const, ResourceRecordSet }));
  await route53.changeResourceRecordSets({ HostedZoneId: zone, ChangeBatch: { Changes } });
}

/** `shop.example.com east 100`, of every record that has an identifier, in order. */
export async function standing(where: Cloud, zone: string, site = 'east'): Promise<string[]> {
  const route53 = await service('route53', site, where.context());
  const { ResourceRecordSets = [] } = await route53.listResourceRecordSets({ HostedZoneId: zone });
  return ResourceRecordSets.flatMap(({ Name, SetIdentifier, Weight, Failover, ResourceRecords, TTL }) =>
    SetIdentifier === undefined
      ? []
      : [`${Name?.replace(/\.$/u, '')} ${SetIdentifier} ${Failover ?? Weight} ${ResourceRecords?.[0]?.Value} ${TTL}`],
  ).sort();
}
