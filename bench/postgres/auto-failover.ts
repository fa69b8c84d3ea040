import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../lab/ports.ts';
import { command, folderFor, serve, until, type Where } from './command.ts';
import { installed, programOf } from './installed.ts';
import { admin, hostsOf, judge, judgeRule, judgeSetUp, killMember, places, settings, streams, type Member } from './pair.ts';
import type { Login, Peer } from './peer.ts';
import { sql } from './sql.ts';

const debian = 'pg-auto-failover-cli postgresql-15-auto-failover';
/**
 * Of the monitor ("pg_auto_failover Configuration", which names no quick values): the settings that decide how soon a primary is given
 * up, well below their defaults (5 s, 5 s, 2, 2 s, 20 s). What protects data, such as primary_demote_timeout (30 s), is left alone.
 */
const quick = {
  health_check_period: 1_000,
  health_check_timeout: 1_000,
  health_check_max_retries: 1,
  health_check_retry_delay: 500,
  node_considered_unhealthy_timeout: 5_000,
  startup_grace_period: 1_000,
};
/** Its base backup asks for no fast checkpoint, and would wait for a spread one for minutes. */
const hurried = { checkpoint_completion_target: '0' };
const common = ['--hostname', '127.0.0.1', '--auth', 'trust', '--no-ssl'];

/** pg_auto_failover: a monitor that decides, a keeper beside each member; the standby is synchronous, as it sets it up by itself. */
export const autoFailover: Peer = {
  name: 'pg_auto_failover',
  fence: 'waits it out',
  proof: "monitor's state",
  modes: ['told', 'automatic', 'planned'],
  notes: {
    told: '`pg_autoctl perform failover`; the standby is synchronous, as it sets up by default. With the keeper alive the old primary is stopped first; with its machine lost primary_demote_timeout (30 s) is waited out.',
    automatic:
      'health_check_period 1 s, health_check_timeout 1 s, health_check_max_retries 1, health_check_retry_delay 0.5 s, node_considered_unhealthy_timeout 5 s (defaults 5, 5, 2, 2, 20 s); primary_demote_timeout left at 30 s.',
    planned: '`pg_autoctl perform switchover`.',
  },
  version: () => Promise.resolve(execFileSync(programOf('pg_autoctl', debian), ['version'], { encoding: 'utf8' }).split('\n')[0]!),
  async up(folder, mode) {
    const pair = await places(folder);
    const monitor = await startMonitor(folder);
    const names = [pair.primary, pair.standby];
    for (const member of names) {
      await startMember(member, monitor);
      if (member === pair.primary) await sql({ ...admin, port: member.port }, judgeSetUp);
    }
    await streams(pair);
    await settled(monitor);
    const uri = `postgres://${monitor.user}@127.0.0.1:${monitor.port}/${monitor.database}`;
    return {
      hosts: hostsOf(pair),
      login: judge,
      kill: (loss) => killMember(pair.primary, loss),
      tell: async () => {
        const act = mode === 'planned' ? 'switchover' : 'failover';
        await command([programOf('pg_autoctl', debian), 'perform', act, '--monitor', uri, '--wait', '90'], {
          ...where(folder),
          within: 120_000,
        });
      },
      detection: { log: join(folder, 'monitor/pg_autoctl.log'), says: /unhealthy/u },
    };
  },
};

type Monitor = Login & { readonly port: number };

async function startMonitor(folder: string): Promise<Monitor> {
  const cwd = folderFor(join(folder, 'monitor'));
  const port = await freePort();
  const data = join(cwd, 'data');
  const program = programOf('pg_autoctl', debian);
  await command([program, 'create', 'monitor', '--pgdata', data, '--pgport', String(port), ...common], where(cwd));
  const lines = Object.entries(quick).map(([name, value]) => `pgautofailover.${name} = ${value}`);
  appendFileSync(join(data, 'postgresql.conf'), `${lines.join('\n')}\n`);
  serve([program, 'run', '--pgdata', data], join(cwd, 'pg_autoctl.log'), where(cwd));
  const monitor = { user: 'autoctl_node', password: '', database: 'pg_auto_failover', port };
  await until('the monitor to answer', () => answers(monitor));
  return monitor;
}

async function startMember({ name, port, folder: cwd, data }: Member, monitor: Monitor): Promise<void> {
  const program = programOf('pg_autoctl', debian);
  const uri = `postgres://${monitor.user}@127.0.0.1:${monitor.port}/${monitor.database}`;
  const own = ['--name', name, '--pgdata', data, '--pgport', String(port), '--monitor', uri];
  await command([program, 'create', 'postgres', ...own, ...common], where(cwd));
  const all = Object.entries({ ...settings, ...hurried, cluster_name: name });
  appendFileSync(join(data, 'postgresql.conf'), `${all.map(([key, value]) => `${key} = '${value}'`).join('\n')}\n`);
  appendFileSync(join(data, 'pg_hba.conf'), `${judgeRule}\nhost all,replication all 127.0.0.1/32 trust\n`);
  serve([program, 'run', '--pgdata', data], join(cwd, 'pg_autoctl.log'), where(cwd));
  await until(`${name} to answer`, () => answers({ ...admin, port }));
}

/** Both members have the state that the monitor wants them in. */
async function settled(monitor: Monitor): Promise<void> {
  const text = `select reportedstate::text as state from pgautofailover.node where reportedstate = goalstate and health = 1 order by 1`;
  await until('pg_auto_failover to settle', async () => {
    const rows = await sql<{ state: string }>(monitor, [text]);
    return rows.map(({ state }) => state).join() === 'primary,secondary';
  });
}

function answers(at: Login & { readonly port: number }): Promise<boolean> {
  return sql(at, ['select 1']).then(
    () => true,
    () => false,
  );
}

/** Its sockets lie in the folder, not where the system's own servers have theirs. */
function where(cwd: string): Where {
  const env = { PATH: `${installed()}:${process.env['PATH']}`, PG_REGRESS_SOCK_DIR: cwd, PGHOST: cwd, XDG_RUNTIME_DIR: cwd };
  return { cwd, env, within: 120_000 };
}
