import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from '../../lab/ports.ts';
import { command, fileFor, folderFor, serve, until } from './command.ts';
import { programOf, python } from './installed.ts';
import { admin, hostsOf, judge, judgeRule, judgeSetUp, killMember, places, settings, streams, type Member } from './pair.ts';
import type { Peer } from './peer.ts';
import { sql } from './sql.ts';

const packages = ['patroni[etcd3,psycopg3]==4.1.5', 'psycopg[binary]==3.3.9'];
/**
 * The least that its documentation allows ("Dynamic Configuration Settings": ttl 20, loop_wait 1, retry_timeout 3, and
 * loop_wait + 2 * retry_timeout <= ttl). `primary_start_timeout: 0`: fail over at once where a crashed primary could be started again.
 */
const quick = { ttl: 20, loop_wait: 1, retry_timeout: 3, primary_start_timeout: 0 };
const scope = 'orders';

/** Patroni with etcd, one of each: a keeper beside each member, the lock in etcd. */
export const patroni: Peer = {
  name: 'Patroni',
  fence: 'lock expires',
  proof: 'its own REST',
  modes: ['told', 'automatic', 'planned'],
  notes: {
    told: '`patronictl failover --force`. With the keeper alive the lock is handed over; with its machine lost the command cannot hurry the lock, which expires after ttl (20 s at the least). No watchdog here: nothing but the expired lock keeps the old primary from writing.',
    automatic: 'ttl 20, loop_wait 1, retry_timeout 3, primary_start_timeout 0: the least that its documentation allows.',
    planned: '`patronictl switchover --force`.',
  },
  async version() {
    const etcd = programOf('etcd', 'etcd-server');
    const folder = await python(packages);
    const said = execFileSync(join(folder, 'bin/python'), ['-m', 'patroni', '--version'], { encoding: 'utf8' }).trim();
    return `${said.replace('__main__.py', 'Patroni')}, ${execFileSync(etcd, ['--version'], { encoding: 'utf8' }).split('\n')[0]}`;
  },
  async up(folder, mode) {
    const programs = join(await python(packages), 'bin');
    const interpreter = join(programs, 'python');
    const pair = await places(folder);
    const store = await startEtcd(folder);
    const [a, b] = (await freePorts(2)) as [number, number];
    startKeeper(interpreter, pair.primary, a, store);
    const { port } = pair.primary;
    await until('Patroni to make a primary', () =>
      sql({ ...admin, port }, ['create table made()']).then(
        () => true,
        () => false,
      ),
    );
    await sql({ ...admin, port }, ['drop table made', ...judgeSetUp]);
    startKeeper(interpreter, pair.standby, b, store);
    await streams(pair);
    await until('Patroni to know that it streams', async () => (await state(b)) === 'streaming');
    const how = [interpreter, join(programs, 'patronictl'), '-c', fileOf(pair.standby)];
    return {
      hosts: hostsOf(pair),
      login: judge,
      kill: (loss) => killMember(pair.primary, loss),
      tell: async () => {
        const act = mode === 'planned' ? ['switchover', scope, '--leader', pair.primary.name] : ['failover', scope];
        const said = await command([...how, ...act, '--candidate', pair.standby.name, '--force'], { cwd: folder });
        // Its exit code says nothing. Without the leader's keeper it leaves its wish in etcd.
        if (!/Successfully|falling back to DCS/u.test(said)) throw new Error(`patronictl: ${said.trim()}`);
      },
      detection: { log: join(pair.standby.folder, 'patroni.log'), says: /promoted self to leader/u },
    };
  },
};

async function startEtcd(folder: string): Promise<number> {
  const [client, peer] = (await freePorts(2)) as [number, number];
  const cwd = folderFor(join(folder, 'etcd'));
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  const own = ['--name', 'one', '--data-dir', join(cwd, 'data'), '--initial-cluster', `one=${at(peer)}`];
  const clients = ['--listen-client-urls', at(client), '--advertise-client-urls', at(client)];
  const peers = ['--listen-peer-urls', at(peer), '--initial-advertise-peer-urls', at(peer)];
  serve([programOf('etcd', 'etcd-server'), ...own, ...clients, ...peers], join(cwd, 'etcd.log'), { cwd });
  await until('etcd to answer', async () => (await fetch(`${at(client)}/health`).catch(() => null))?.ok === true);
  return client;
}

function startKeeper(interpreter: string, member: Member, rest: number, store: number): void {
  const { folder: cwd } = member;
  fileFor(fileOf(member), stringify(configuration(member, rest, store)));
  serve([interpreter, '-m', 'patroni', fileOf(member)], join(cwd, 'patroni.log'), { cwd });
}

function configuration({ name, port, data, bin, folder }: Member, rest: number, store: number): object {
  const at = (number: number): string => `127.0.0.1:${number}`;
  const { listen_addresses: _, ...parameters } = settings;
  const rules = [judgeRule, 'host all,replication all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust'];
  return {
    scope,
    name,
    restapi: { listen: at(rest), connect_address: at(rest) },
    etcd3: { host: at(store) },
    bootstrap: {
      dcs: { ...quick, postgresql: { parameters } },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'no-sync', 'data-checksums'],
    },
    postgresql: {
      listen: at(port),
      connect_address: at(port),
      data_dir: data,
      bin_dir: bin,
      pgpass: join(folder, 'pgpass'),
      pg_hba: rules,
      basebackup: [{ checkpoint: 'fast' }, 'no-sync'],
      parameters: { unix_socket_directories: folder },
      authentication: { superuser: { username: 'postgres', password: 'x' }, replication: { username: 'repl', password: 'x' } },
    },
  };
}

const fileOf = ({ folder }: Member): string => join(folder, 'patroni.yaml');

async function state(rest: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${rest}/patroni`).catch(() => null);
  const said = (await answer?.json().catch(() => null)) as { replication_state?: string } | null;
  return said?.replication_state ?? '';
}
