import type { Change, Route53 } from '@aws-sdk/client-route-53';
import type { Clients } from '../clients.ts';

/** Seconds. */
const ttl = 5;

export interface Traffic {
  readonly zone: string;
  readonly 'health-check': string;
}
/** What the health check of the failover records reads: there, the first site is given up. */
export const switching = { bucket: 'shop-switch', object: 'us-east-1-is-down', record: 'shop-failover.example.com.' } as const;

/** A hosted zone with weighted records (all to the first site), and with failover records of a health check. */
export async function makeTraffic({ route53 }: Clients, hybrid: boolean): Promise<Traffic> {
  const [{ HostedZone: made }, { HealthCheck: check }] = await Promise.all([
    route53.createHostedZone({ Name: 'example.com', CallerReference: 'lab' }),
    route53.createHealthCheck({
      CallerReference: 'lab',
      HealthCheckConfig: {
        Type: 'HTTPS',
        FullyQualifiedDomainName: `${switching.bucket}.s3.us-west-2.amazonaws.com`,
        ResourcePath: `/${switching.object}`,
        Port: 443,
        Inverted: true,
        RequestInterval: 10,
        FailureThreshold: 1,
      },
    }),
  ]);
  const zone = made!.Id!.replace('/hostedzone/', '');
  await change(route53, zone, [
    ...weighted('shop.example.com.', ['us-east-1', 'us-west-2']),
    ...(hybrid ? weighted('orders.example.com.', ['site-a', 'us-east-1']) : []),
    ...failover(check!.Id!),
  ]);
  return { zone, 'health-check': check!.Id! };
}

const weighted = (name: string, sites: readonly string[]): Change[] =>
  sites.map((site, index) => ({
    Action: 'CREATE',
    ResourceRecordSet: { ...record(name, site), SetIdentifier: site, Weight: index === 0 ? 100 : 0 },
  }));

const failover = (check: string): Change[] => [
  {
    Action: 'CREATE',
    ResourceRecordSet: { ...record(switching.record, 'us-east-1'), SetIdentifier: 'us-east-1', Failover: 'PRIMARY', HealthCheckId: check },
  },
  { Action: 'CREATE', ResourceRecordSet: { ...record(switching.record, 'us-west-2'), SetIdentifier: 'us-west-2', Failover: 'SECONDARY' } },
];

const record = (name: string, site: string) => ({
  Name: name,
  Type: 'CNAME' as const,
  TTL: ttl,
  ResourceRecords: [{ Value: `app.${site}.${name}` }],
});

async function change(route53: Route53, zone: string, changes: Change[]): Promise<void> {
  await route53.changeResourceRecordSets({ HostedZoneId: zone, ChangeBatch: { Changes: changes } });
}
