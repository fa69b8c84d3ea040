import type { DBInstance } from '@aws-sdk/client-rds';
import type { Clients } from '../../lab/aws/clients.ts';
import { secret, type Lab } from '../../lab/lab.ts';
import { query } from '../query.ts';
import { until } from './estate.ts';

/** An instance of RDS, once it is in a state. */
export async function once(clients: Clients, id: string, wanted = 'available'): Promise<DBInstance> {
  let found: DBInstance | undefined;
  const holds = async (): Promise<boolean> => {
    found = (await clients.rds.describeDBInstances({ DBInstanceIdentifier: id })).DBInstances?.[0];
    return found?.DBInstanceStatus === wanted;
  };
  await until(`${id} to be ${wanted}`, holds, 40_000);
  return found!;
}

export type Estate = ReturnType<typeof rows>;

/** The rows of `shop` behind an instance of RDS, through the endpoint that the API tells. */
export function rows(lab: Lab) {
  const ask = async (clients: Clients, id: string, text: string, user = 'lifeboat'): Promise<Record<string, unknown>[]> => {
    const { DBInstances: found = [] } = await clients.rds.describeDBInstances({ DBInstanceIdentifier: id });
    const { Address: host = '', Port: port = 0 } = found[0]?.Endpoint ?? {};
    const login = { user, password: secret(lab, user === 'shop' ? 'app' : user), database: 'shop' };
    return query({ host, port, ...login, connectionTimeoutMillis: 2_000, query_timeout: 2_000 }, text);
  };
  return {
    ask,
    /** How many orders there are. */
    countOf: async (clients: Clients, id: string): Promise<number> =>
      Number((await ask(clients, id, 'select count(*) as n from orders'))[0]?.['n']),
    /** A customer orders something. */
    order: (clients: Clients, id: string): Promise<unknown> =>
      ask(clients, id, 'insert into orders(customer, total) values (1, 9.99)', 'shop'),
  };
}
