import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { command, fileFor, serve } from './command.ts';
import { programOf } from './installed.ts';
import { admin, hostsOf, judge, killMember, places, start, startPrimary, streams, type Member, type Pair } from './pair.ts';
import type { Peer } from './peer.ts';
import { sshd } from './sshd.ts';
import { sql } from './sql.ts';

const debian = 'repmgr postgresql-15-repmgr';
/**
 * "Required/Optional configuration for automatic failover" names no quick values; these are the least whole seconds. Defaults:
 * monitor_interval_secs 2, reconnect_attempts 6, reconnect_interval 10.
 */
const quick = { monitor_interval_secs: 1, reconnect_attempts: 3, reconnect_interval: 1 };

/** repmgr, and its daemon in the automatic mode. */
export const repmgr: Peer = {
  name: 'repmgr',
  fence: 'none',
  proof: 'role read back',
  modes: ['told', 'automatic', 'planned'],
  notes: {
    told: '`repmgr standby promote`. It refuses where it still reaches the old primary, and fences nothing.',
    automatic: 'repmgrd with monitor_interval_secs 1, reconnect_attempts 3, reconnect_interval 1 (defaults 2, 6, 10 s). It fences nothing.',
    planned: '`repmgr standby switchover`, the other host reached by sshd on loopback.',
  },
  version: () => Promise.resolve(execFileSync(programOf('repmgr', debian), ['--version'], { encoding: 'utf8' }).trim()),
  async up(folder, mode) {
    const program = programOf('repmgr', debian);
    const pair = await places(folder);
    const { primary, standby } = pair;
    const ssh = mode === 'planned' ? await sshd(folder) : '';
    await startPrimary(primary, { shared_preload_libraries: 'repmgr', max_wal_senders: '10', max_replication_slots: '10' });
    await sql({ ...admin, port: primary.port }, ['create role repmgr superuser login', 'create database repmgr owner repmgr']);
    for (const [n, member] of [primary, standby].entries()) fileFor(fileOf(member), configuration(n + 1, member, program, ssh));
    await command([program, '-f', fileOf(primary), 'primary', 'register'], { cwd: primary.folder });
    await clone(program, pair);
    await streams(pair);
    if (mode === 'automatic') for (const member of [primary, standby]) startDaemon(member);
    const act = mode === 'planned' ? ['standby', 'switchover'] : ['standby', 'promote'];
    return {
      hosts: hostsOf(pair),
      login: judge,
      kill: (loss) => killMember(primary, loss),
      tell: async () => void (await command([program, '-f', fileOf(standby), ...act], { cwd: standby.folder })),
      detection: { log: join(standby.folder, 'repmgrd.log'), says: /unable to reconnect to node/u },
    };
  },
};

async function clone(program: string, { primary, standby }: Pair): Promise<void> {
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'repmgr', '-d', 'repmgr'];
  await command([program, '-f', fileOf(standby), ...from, 'standby', 'clone', '--fast-checkpoint'], { cwd: standby.folder });
  await start(standby);
  await command([program, '-f', fileOf(standby), 'standby', 'register'], { cwd: standby.folder });
}

function startDaemon(member: Member): void {
  const argv = [programOf('repmgrd', debian), '-f', fileOf(member), '--daemonize=false', '--no-pid-file'];
  serve(argv, join(member.folder, 'repmgrd.log'), { cwd: member.folder });
}

function configuration(id: number, member: Member, program: string, ssh: string): string {
  const { name, port, data, bin, folder } = member;
  const again = `${program} -f ${fileOf(member)}`;
  const all = {
    node_id: id,
    node_name: name,
    conninfo: `host=127.0.0.1 port=${port} user=repmgr dbname=repmgr connect_timeout=2`,
    data_directory: data,
    pg_bindir: bin,
    failover: 'automatic',
    promote_command: `${again} standby promote`,
    follow_command: `${again} standby follow --upstream-node-id=%n`,
    service_start_command: `${join(bin, 'pg_ctl')} start -w -D ${data} -l ${join(folder, 'postgres.log')}`,
    ssh_options: ssh,
    ...quick,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}='${value}'\n`)
    .join('');
}

const fileOf = ({ folder }: Member): string => join(folder, 'repmgr.conf');
