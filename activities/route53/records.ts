import { isDeepStrictEqual } from 'node:util';
import type { ListResourceRecordSetsCommandOutput, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import type { Kind } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/** Where two records of one name stand. */
export interface Place {
  readonly site: string;
  readonly zone: string;
  readonly record: string;
  readonly type: 'A' | 'AAAA' | 'CNAME';
  /** Set identifiers. */
  readonly from: string;
  readonly to: string;
}
export interface Pair {
  readonly from: ResourceRecordSet;
  readonly to: ResourceRecordSet;
}

/** Every record of a name and type, with everything that it holds. */
export async function recordsOf(
  { site, zone, record, type }: Omit<Place, 'from' | 'to'>,
  context: StepContext,
): Promise<readonly ResourceRecordSet[]> {
  const route53 = await service('route53', site, context);
  const found: ResourceRecordSet[] = [];
  for (
    let at: { StartRecordName?: string; StartRecordType?: Place['type']; StartRecordIdentifier?: string } | undefined = {
      StartRecordName: record,
      StartRecordType: type,
    };
    at;
  ) {
    const page: ListResourceRecordSetsCommandOutput = await route53.listResourceRecordSets({ HostedZoneId: zone, ...at });
    const here = (page.ResourceRecordSets ?? []).filter(({ Name, Type }) => same(Name, record) && Type === type);
    found.push(...here);
    const { NextRecordName, NextRecordIdentifier } = page;
    at =
      page.IsTruncated === true && same(NextRecordName, record) && page.NextRecordType === type && NextRecordIdentifier !== undefined
        ? { StartRecordName: record, StartRecordType: type, StartRecordIdentifier: NextRecordIdentifier }
        : undefined;
  }
  return found;
}

/** Reads the two records, with everything that they hold. */
export async function readPair(place: Place, context: StepContext): Promise<Pair> {
  const { zone, record, type } = place;
  const found = await recordsOf(place, context);
  const named = (identifier: string): ResourceRecordSet => {
    const one = found.find(({ SetIdentifier }) => SetIdentifier === identifier);
    if (one) return one;
    const known = found.map(({ SetIdentifier }) => SetIdentifier ?? 'one without an identifier');
    throw new StepError(
      'record-missing',
      `${record} ${type} in zone ${zone} has no record "${identifier}": it has ${known.join(', ') || 'none'}. Make it, or name another.`,
      'person',
    );
  };
  return { from: named(place.from), to: named(place.to) };
}

/**
 * Puts two records in place of what was read, in one batch. Route 53 refuses to delete what is not exactly so, and then does nothing of
 * the batch: so it compares and swaps.
 * @returns the id of the change.
 * @throws StepError `record-changed` where somebody was faster.
 */
export async function swap(place: Place, before: Pair, after: Pair, context: StepContext): Promise<string> {
  const route53 = await service('route53', place.site, context);
  await mayChange(place.site, context);
  const batch = [
    ...[before.from, before.to].map((ResourceRecordSet) => ({ Action: 'DELETE' as const, ResourceRecordSet })),
    ...[after.from, after.to].map((ResourceRecordSet) => ({ Action: 'CREATE' as const, ResourceRecordSet })),
  ];
  try {
    const { ChangeInfo } = await route53.changeResourceRecordSets({
      HostedZoneId: place.zone,
      ChangeBatch: { Comment: `lifeboat ${context.run.workflowId}`.slice(0, 256), Changes: batch },
    });
    return idOf(ChangeInfo?.Id);
  } catch (error) {
    if (!isAws(error, 'InvalidChangeBatch', 'InvalidInput')) throw error;
    const now = await readPair(place, context);
    if (isDeepStrictEqual(now, before)) throw error;
    throw new StepError(
      'record-changed',
      `${place.record} was changed by somebody else at the same time. Nothing was done: look at it.`,
      'again',
    );
  }
}

/** Changes of records, by id: in sync as soon as all name servers of Route 53 answer so. */
export const changes: Kind<string> = {
  name: 'route53 change',
  batch: 1,
  async describe([id], site, context) {
    const route53 = await service('route53', site, context);
    const { ChangeInfo } = await route53.getChange({ Id: id });
    return new Map(ChangeInfo?.Status === undefined ? [] : [[id!, ChangeInfo.Status]]);
  },
};

/** Seconds for which a resolver may keep an answer of it; 60 for an alias, as those of AWS have. */
export function ttlOf({ TTL }: ResourceRecordSet): number {
  return TTL ?? 60;
}

function idOf(id: string | undefined): string {
  return (id ?? '').replace(/^\/change\//u, '');
}

function same(one: string | undefined, other: string): boolean {
  const plain = (name: string): string => name.toLowerCase().replace(/\.$/u, '');
  return one !== undefined && plain(one) === plain(other);
}
