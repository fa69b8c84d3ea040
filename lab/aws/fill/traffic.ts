import type { Change, Route53 } from '@aws-sdk/client-route-53';
import type { Clients } from '../clients.ts';

/** Seconds. */
const ttl = 5;

export interface Traffic {
  readonly zone: string;
  /** Health check of the first site's records. */
  readonly 'health-check': string;
}
export const failoverRecord = 'shop-failover.example.com.';
/** What a site holds so that it is read without the other one: where the object is there, the other one is given up. */
export const switches = {
  'us-east-1': { bucket: 'shop-switch-us-east-1', object: 'us-west-2-is-down' },
  'us-west-2': { bucket: 'shop-switch', object: 'us-east-1-is-down' },
} as const;

/**
 * A hosted zone with weighted records (all to the first site), and with failover records. Each site of `shop` has a health check,
 * which fails while the other site holds its object. What weighs nothing serves as soon as nothing that weighs is healthy:
 * docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
 */
export async function makeTraffic({ route53 }: Clients, hybrid: boolean): Promise<Traffic> {
  const [{ HostedZone: made }, east, west] = await Promise.all([
    route53.createHostedZone({ Name: 'example.com', CallerReference: 'lab' }),
    makeCheck(route53, 'us-west-2'),
    makeCheck(route53, 'us-east-1'),
  ]);
  const zone = made!.Id!.replace('/hostedzone/', '');
  await change(route53, zone, [
    ...weighted('shop.example.com.', { 'us-east-1': east, 'us-west-2': west }),
    ...(hybrid ? weighted('orders.example.com.', { 'site-a': undefined, 'us-east-1': undefined }) : []),
    ...failover(east),
  ]);
  return { zone, 'health-check': east };
}

/** Healthy as long as a site does not hold its object, or cannot be asked. */
async function makeCheck(route53: Route53, holder: keyof typeof switches): Promise<string> {
  const { bucket, object } = switches[holder];
  const { HealthCheck: check } = await route53.createHealthCheck({
    CallerReference: `lab-${holder}`,
    HealthCheckConfig: {
      Type: 'HTTPS',
      FullyQualifiedDomainName: `${bucket}.s3.${holder}.amazonaws.com`,
      ResourcePath: `/${object}`,
      Port: 443,
      Inverted: true,
      RequestInterval: 10,
      FailureThreshold: 1,
    },
  });
  return check!.Id!;
}

/** All to the first site. `sites`: by site its health check. */
const weighted = (name: string, sites: { readonly [site: string]: string | undefined }): Change[] =>
  Object.entries(sites).map(([site, check], index) => ({
    Action: 'CREATE',
    ResourceRecordSet: {
      ...record(name, site),
      SetIdentifier: site,
      Weight: index === 0 ? 100 : 0,
      ...(check === undefined ? {} : { HealthCheckId: check }),
    },
  }));

const failover = (check: string): Change[] => [
  {
    Action: 'CREATE',
    ResourceRecordSet: { ...record(failoverRecord, 'us-east-1'), SetIdentifier: 'us-east-1', Failover: 'PRIMARY', HealthCheckId: check },
  },
  { Action: 'CREATE', ResourceRecordSet: { ...record(failoverRecord, 'us-west-2'), SetIdentifier: 'us-west-2', Failover: 'SECONDARY' } },
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
