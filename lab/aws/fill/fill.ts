import { clientsAt, type Clients } from '../clients.ts';
import { accounts, type CloudHome, type Region } from '../home.ts';
import { makeDatabase, makeReplica, makeSubnetGroups } from './database.ts';
import { makeNetwork, type Network } from './network.ts';
import { copyImage, launchFrom, makeAddress, makeImage, makeScaleGroup, makeStandIn, makeTemplate } from './servers.ts';
import { filesBucket, makeBuckets, makeKey, makeSecret, makeVault, secretName, vaultBucket } from './storage.ts';
import { failoverRecord, makeTraffic, switches } from './traffic.ts';

/** Ids, names and ARNs by the names that runbooks use. */
export type Resources = { readonly [name: string]: string | readonly string[] };
/** What the cloud of a lab is filled with. */
export interface Filled {
  readonly zone: string;
  readonly values: Resources;
  readonly shop: { readonly [region in Region]: Resources };
  /** Of a lab with an instance that is one of its machines. */
  readonly hybrid: { readonly instance: string; readonly resources: Resources } | null;
}

/** Fills an empty emulated AWS with the three-tier system `shop`; with `hybrid` also with what `orders` has there. */
export async function fill(home: CloudHome): Promise<Filled> {
  const hybrid = home.machines !== null;
  const [east, west, vault] = await Promise.all([clientsAt(home, 'us-east-1'), clientsAt(home, 'us-west-2'), clientsAt(home, 'vault')]);
  const [eastBase, westBase, vaultKey, traffic] = await Promise.all([
    base(east, 'us-east-1'),
    base(west, 'us-west-2'),
    makeKey(vault, 'vault', [accounts.vault]),
    makeTraffic(east, hybrid),
    makeVault(vault),
    makeSecret(east),
  ]);
  const databases = makeDatabase(home, east, eastBase.network, eastBase.key).then(() => makeReplica(west, westBase.network, westBase.key));
  const servers = fillServers(east, eastBase, west, westBase, hybrid);
  const [made] = await settled([servers, databases]);
  return {
    zone: traffic.zone,
    values: { 'vault-key': vaultKey, 'vault-account': accounts.vault, 'vault-bucket': vaultBucket },
    shop: {
      'us-east-1': made['us-east-1'],
      'us-west-2': {
        ...made['us-west-2'],
        'failover-record': failoverRecord,
        'health-check': traffic['health-check'],
      },
    },
    hybrid: made.hybrid,
  };
}

interface Base {
  readonly region: Region;
  readonly network: Network;
  readonly key: string;
}

async function base(clients: Clients, region: Region): Promise<Base> {
  const [network, key] = await Promise.all([
    makeNetwork(clients, region),
    makeKey(clients, 'shop', Object.values(accounts)),
    makeBuckets(clients, region),
  ]);
  await makeSubnetGroups(clients, network);
  return { region, network, key };
}

async function fillServers(east: Clients, eastBase: Base, west: Clients, westBase: Base, hybrid: boolean) {
  const image = await makeImage(east, 'shop-app', eastBase.key);
  const copy = copyImage(west, image, 'us-east-1', 'shop-app', westBase.key);
  const instances = Promise.all(
    eastBase.network.subnets.map((subnet, index) =>
      launchFrom(east, `shop-app-${index + 1}`, image, { subnet, groups: [eastBase.network['app-group']] }),
    ),
  );
  const [[one, two], first, second, bound] = await settled([
    instances,
    tier(east, eastBase, image, 2),
    copy.then((copied) => tier(west, westBase, copied, 0)),
    hybrid ? makeHybrid(east, eastBase, image) : Promise.resolve(null),
  ]);
  const [address, spare] = await Promise.all([makeAddress(east, 'shop', one), makeAddress(west, 'shop')]);
  return {
    'us-east-1': { ...first, instances: [one!, two!], 'app-1': one!, 'app-2': two!, address },
    'us-west-2': { ...second, instances: [], address: spare },
    hybrid: bound,
  };
}

/** What each region has of the application tier, running or not. */
async function tier(clients: Clients, { region, network, key }: Base, image: string, desired: number): Promise<Resources> {
  const template = await makeTemplate(clients, 'shop-app', image, [network['app-group']]);
  await makeScaleGroup(clients, 'shop-web', template, network, desired);
  await makeStandIn(clients, 'shop-web', image, network);
  return {
    ...placeOf(network),
    'db-subnets': 'shop-db',
    'isolated-db-subnets': 'shop-isolated',
    key,
    image,
    template,
    group: 'shop-web',
    'files-bucket': filesBucket(region),
    'switch-bucket': switches[region].bucket,
    'switch-object': switches[region].object,
    secret: secretName,
  };
}

/** The instance that is a machine of the lab, and the application tier that joins it when it serves. */
async function makeHybrid(clients: Clients, { network, key }: Base, image: string): Promise<NonNullable<Filled['hybrid']>> {
  const place = { subnet: network.subnets[0]!, groups: [network['db-group']] };
  const template = await makeTemplate(clients, 'orders-app', image, [network['app-group']]);
  const [instance] = await settled([
    launchFrom(clients, 'orders-db', image, place),
    makeScaleGroup(clients, 'orders-web', template, network, 0),
    makeStandIn(clients, 'orders-web', image, network),
  ]);
  return { instance, resources: { ...placeOf(network), key, image, template, group: 'orders-web', instance } };
}

const placeOf = (network: Network): Resources => ({
  ...network,
  subnet: network.subnets[0]!,
  'isolated-subnet': network['isolated-subnets'][0]!,
});

/** As Promise.all, but waits for all before it fails: nothing goes on behind a lab that is being removed. */
async function settled<T extends readonly unknown[]>(work: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const all = await Promise.allSettled(work);
  for (const one of all) if (one.status === 'rejected') throw one.reason;
  return all.map((one) => (one as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
