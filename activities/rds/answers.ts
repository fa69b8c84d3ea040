import { greets, postgresKnock, type Greeting } from '../greets.ts';
import type { StepContext } from '../step.ts';
import type { Database } from './database.ts';

export interface Answer extends Greeting {
  readonly where: string;
}

/** Whether the database answers at its port as seen from here, without a login; undefined where it has no address. At most 1.5 s. */
export async function answers(
  { site, id, engine, address, port }: Pick<Database, 'site' | 'id' | 'engine' | 'address' | 'port'>,
  context: Pick<StepContext, 'system'>,
): Promise<Answer | undefined> {
  const { members = {}, connect = {}, port: usual = 5432 } = context.system.rds ?? {};
  const instead = members[site]?.toLowerCase() === id ? connect[site] : undefined;
  const host = instead?.address ?? address;
  if (host === undefined) return undefined;
  const at = instead ? (instead.port ?? usual) : (port ?? usual);
  const knock = engine.includes('postgres') ? postgresKnock : undefined;
  return { ...(await greets({ address: host, ports: {} }, at, 1_500, knock)), where: `${host}:${at}` };
}
