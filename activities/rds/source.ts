import type { DBInstance } from '@aws-sdk/client-rds';
import type { Caller } from '../aws/client.ts';
import { readArn } from './arn.ts';
import type { Place } from './connect.ts';

/** Whom an instance replicates from, as RDS tells it: an ARN, or in one region an identifier. Undefined: nobody. */
export function sourceOf({ ReadReplicaSourceDBInstanceIdentifier: source }: DBInstance): string | undefined {
  return source === undefined || source === '' ? undefined : source;
}

/** Whether an instance at a site is a replica of that one. */
export function isReplicaOf(one: DBInstance, site: string, source: Place, caller: Pick<Caller, 'aws'>): boolean {
  const told = sourceOf(one);
  if (told === undefined) return false;
  const { region } = caller.aws(source.site);
  const arn = readArn(told);
  return arn ? arn.region === region && arn.id === source.id : caller.aws(site).region === region && told === source.id;
}
