import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { TrafficFacts } from '../../plan/plan.ts';
import { service, type Caller } from '../aws/client.ts';
import type { Found } from './locate.ts';
import { promptly } from './promptly.ts';

/** Reads from the record of Route 53 which site clients are led to. Every AWS site's credentials are tried side by side; one suffices. */
export async function locateTraffic(traffic: TrafficFacts, caller: Caller): Promise<readonly Found[]> {
  const entries = Object.entries(traffic.identifiers).map(([site, id]) => ({ site, id, name: `${site}/${id}` }));
  try {
    const records = await Promise.any(entries.map(({ site }) => promptly(site, caller, (soon) => read(traffic, site, soon))));
    return entries.map(({ id, name }) => ({
      name,
      ...roleOf(
        records.find(({ SetIdentifier }) => SetIdentifier === id),
        id,
        traffic,
      ),
    }));
  } catch (error) {
    const [first] = (error as AggregateError).errors as readonly Error[];
    return entries.map(({ name }) => ({
      name,
      role: 'silent',
      text: `Route 53 does not tell the record ${traffic.record}: ${first?.message ?? 'no answer'}`,
    }));
  }
}

async function read({ zone, record, type }: TrafficFacts, site: string, caller: Caller): Promise<readonly ResourceRecordSet[]> {
  const route53 = await service('route53', site, caller);
  const { ResourceRecordSets = [] } = await route53.listResourceRecordSets({
    HostedZoneId: zone,
    StartRecordName: record,
    StartRecordType: type,
    MaxItems: 100,
  });
  return ResourceRecordSets.filter(({ Name = '', Type }) => tidy(Name) === tidy(record) && Type === type);
}

function roleOf(found: ResourceRecordSet | undefined, id: string, { record }: TrafficFacts): Omit<Found, 'name'> {
  if (!found) return { role: 'silent', text: `${record} has no record ${id}.` };
  // Which of two failover records answers is up to a health check: the second may serve, and does not say so.
  if (found.Failover === 'PRIMARY') return { role: 'primary', text: `${record} leads to ${id} as long as its health check passes.` };
  if (found.Failover === 'SECONDARY')
    return { role: 'silent', text: `${record} leads to ${id} where the health check of the other fails.` };
  const weight = found.Weight ?? 0;
  return { role: weight > 0 ? 'primary' : 'standby', text: `${record} leads to ${id} with the weight ${weight}.` };
}

function tidy(name: string): string {
  return name.toLowerCase().replace(/\.$/u, '');
}
