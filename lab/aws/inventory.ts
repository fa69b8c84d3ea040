import { readFilled } from './cloud.ts';
import type { Resources } from './fill/fill.ts';
import { endpointOf, members, recordsOf, sites, type CloudHome } from './home.ts';

/** What the emulated AWS of a lab adds to its inventory. */
export interface CloudEntries {
  readonly sites: { readonly [site: string]: object };
  readonly systems: { readonly [system: string]: object };
  readonly values: object;
  /** What stands in for what `orders` has at a site, in a rehearsal. */
  readonly standIns: { readonly [site: string]: object };
  /** What `orders` has beside its pair, where an instance is its standby. */
  readonly orders: object;
  /** Id of that instance. */
  readonly instance?: string;
}

/** MUST be filled. */
export function cloudEntries(home: CloudHome): CloudEntries {
  const { zone, values, shop, hybrid } = readFilled(home);
  const traffic = (record: string, ...names: readonly string[]): object => ({
    zone,
    record,
    type: 'CNAME',
    identifiers: Object.fromEntries(names.map((name) => [name, name])),
  });
  return {
    sites: Object.fromEntries(
      Object.entries(sites).map(([name, { region, account, role }]) => [
        name,
        {
          kind: 'aws',
          region,
          account,
          role: { arn: role },
          endpoint: endpointOf(home),
          'api-share': 1,
          limits: { steps: 20 },
          records: recordsOf(home, name),
        },
      ]),
    ),
    systems: {
      shop: {
        tier: 1,
        rds: {
          members,
          port: 5432,
          database: 'shop',
          login: { user: 'lifeboat', password: `file:${home.folder}/secrets/lifeboat` },
        },
        traffic: traffic('shop.example.com.', 'us-east-1', 'us-west-2'),
        resources: shop,
        rehearsal: { at: Object.fromEntries(Object.entries(shop).map(([site, there]) => [site, placeOf(there)])) },
        promised: { backup: '2 days', rehearsal: '36 days' },
        // People practise: to and fro, without a pause.
        rest: '0 seconds',
      },
    },
    values,
    standIns: hybrid === null ? {} : { 'us-east-1': { resources: standIns(hybrid.resources) } },
    orders:
      hybrid === null
        ? {}
        : {
            traffic: traffic('orders.example.com.', 'site-a', 'us-east-1'),
            resources: { 'site-a': {}, 'us-east-1': hybrid.resources },
          },
    ...(hybrid === null ? {} : { instance: hybrid.instance }),
  };
}

/** Where rehearsals put their copies: nothing leads out, and nothing is production's. */
function placeOf(there: Resources): object {
  return {
    rds: { subnets: there['isolated-db-subnets'], groups: [there['isolated-group']] },
    resources: { ...standIns(there), 'db-subnets': there['isolated-db-subnets'], 'db-group': there['isolated-group'] },
  };
}

function standIns(there: Resources): Resources {
  const subnets = there['isolated-subnets']!;
  return { subnets, subnet: subnets[0]!, 'app-group': there['isolated-closed-group']!, group: `${there['group'] as string}-rehearsal` };
}
