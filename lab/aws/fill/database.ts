import { setTimeout as sleep } from 'node:timers/promises';
import type { DBInstance, RDS } from '@aws-sdk/client-rds';
import pg from 'pg';
import { secretIn } from '../../lab.ts';
import type { Clients } from '../clients.ts';
import { accounts, members, type CloudHome } from '../home.ts';
import { nameTags } from './named.ts';
import type { Network } from './network.ts';

export async function makeSubnetGroups({ rds }: Clients, network: Network): Promise<void> {
  const make = (name: string, subnets: readonly string[]): Promise<unknown> =>
    rds.createDBSubnetGroup({ DBSubnetGroupName: name, DBSubnetGroupDescription: name, SubnetIds: [...subnets], Tags: nameTags(name) });
  await Promise.all([make('shop-db', network.subnets), make('shop-isolated', network['isolated-subnets'])]);
}

/** The database of `shop`, with its tables; returns once it takes connections. */
export async function makeDatabase(home: CloudHome, { rds }: Clients, network: Network, key: string): Promise<void> {
  const id = members['us-east-1'];
  await rds.createDBInstance({
    DBInstanceIdentifier: id,
    Engine: 'postgres',
    EngineVersion: '15.8',
    DBInstanceClass: 'db.t3.medium',
    AllocatedStorage: 20,
    DBName: 'shop',
    MasterUsername: 'shop',
    MasterUserPassword: secretIn(home.folder, 'app'),
    DBSubnetGroupName: 'shop-db',
    VpcSecurityGroupIds: [network['db-group']],
    StorageEncrypted: true,
    KmsKeyId: key,
    BackupRetentionPeriod: 7,
    CopyTagsToSnapshot: true,
    PubliclyAccessible: false,
    Tags: nameTags(id),
  });
  await fillShop(home, await available(rds, id));
}

/** Its replica in the other region; returns once it follows. */
export async function makeReplica({ rds }: Clients, network: Network, key: string): Promise<void> {
  const id = members['us-west-2'];
  await rds.createDBInstanceReadReplica({
    DBInstanceIdentifier: id,
    SourceDBInstanceIdentifier: `arn:aws:rds:us-east-1:${accounts.production}:db:${members['us-east-1']}`,
    DBInstanceClass: 'db.t3.medium',
    DBSubnetGroupName: 'shop-db',
    VpcSecurityGroupIds: [network['db-group']],
    KmsKeyId: key,
    Tags: nameTags(id),
  });
  await available(rds, id);
}

async function available(rds: RDS, id: string): Promise<DBInstance> {
  for (const deadline = Date.now() + 60_000; ; await sleep(50)) {
    const { DBInstances: [instance] = [] } = await rds.describeDBInstances({ DBInstanceIdentifier: id });
    if (instance?.DBInstanceStatus === 'available') return instance;
    if (instance?.DBInstanceStatus === 'failed') throw new Error(`The database ${id} failed; see logs/databases.log.`);
    if (Date.now() > deadline) throw new Error(`The database ${id} is ${instance?.DBInstanceStatus} still.`);
  }
}

async function fillShop(home: CloudHome, { Endpoint: at }: DBInstance): Promise<void> {
  const login = { user: 'shop', password: secretIn(home.folder, 'app'), database: 'shop' };
  const client = new pg.Client({ host: at!.Address!, port: at!.Port!, ...login, connectionTimeoutMillis: 10_000, query_timeout: 20_000 });
  await client.connect();
  try {
    for (const statement of rows(secretIn(home.folder, 'lifeboat'))) await client.query(statement);
  } finally {
    await client.end();
  }
}

const rows = (password: string): string[] => [
  `create role lifeboat login password '${password.replaceAll("'", "''")}'`,
  'grant pg_monitor, pg_read_all_data to lifeboat',
  'create table customers(id bigint generated always as identity primary key, name text not null, since timestamptz not null default now())',
  'create table orders(id bigint generated always as identity primary key, customer bigint not null references customers, total numeric(10, 2) not null, at timestamptz not null default now())',
  `insert into customers(name) select 'customer ' || n from generate_series(1, 200) n`,
  'insert into orders(customer, total) select 1 + n % 200, n * 1.25 from generate_series(1, 1000) n',
  'create table lifeboat_markers(id uuid primary key, probe text not null, seq bigint not null, at timestamptz not null default clock_timestamp())',
  'create index on lifeboat_markers(probe, seq)',
];
