import { addressOf, paths, secret, type FullLab } from '../full-lab.ts';
import { appOf, machines, otherOf } from '../shape.ts';
import { account } from './accounts.ts';
import { put } from './put.ts';

/** PostgreSQL's configuration, outside its data: no copy of the other member overwrites it. */
export function writeDatabase(lab: FullLab, disk: string, host: string): void {
  const of = account('postgres');
  const settings = {
    listen_addresses: '*',
    port: 5432,
    unix_socket_directories: '/run/postgresql',
    cluster_name: host,
    hba_file: `${paths.configuration}/pg_hba.conf`,
    ident_file: `${paths.configuration}/pg_ident.conf`,
    password_encryption: 'scram-sha-256',
    max_connections: 60,
    shared_buffers: '32MB',
    wal_level: 'replica',
    hot_standby: 'on',
    wal_log_hints: 'on',
    wal_keep_size: '256MB',
    max_replication_slots: 10,
    archive_mode: 'on',
    archive_command: `pgbackrest --config=${paths.backrest} --stanza=orders archive-push %p`,
    archive_timeout: '30s',
    // A dead line is noticed in five seconds, and a primary that is back is tried twice a second.
    wal_receiver_timeout: '5s',
    wal_sender_timeout: '5s',
    wal_retrieve_retry_interval: '500ms',
    wal_receiver_status_interval: '1s',
    // Only followed while standby.signal is in the data folder.
    primary_conninfo: `host=${addressOf(lab, otherOf(host))} port=5432 user=repl passfile=${paths.passfile} connect_timeout=3`,
    primary_slot_name: slotOf(host),
    recovery_target_timeline: 'latest',
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = '${String(value).replaceAll("'", "''")}'`);
  put(disk, `${paths.configuration}/postgresql.conf`, `${lines.join('\n')}\n`, { of });
  put(disk, `${paths.configuration}/pg_hba.conf`, hba(lab), { of });
  put(disk, `${paths.configuration}/pg_ident.conf`, '', { of });
  put(disk, paths.passfile, ['repl', 'rewinder'].map((role) => `*:*:*:${role}:${secret(lab, role)}\n`).join(''), { mode: 0o600, of });
  put(disk, paths.backrest, backrest(machines[host]!.site));
}

/** Replication slots have underscores where hosts have dashes. */
export const slotOf = (host: string): string => host.replaceAll('-', '_');

const hba = (lab: FullLab): string => `local all all peer
host all all 127.0.0.1/32 scram-sha-256
host all all 10.${lab.net}.0.0/16 scram-sha-256
local replication all peer
host replication repl,lifeboat 10.${lab.net}.0.0/16 scram-sha-256
`;

/** The repository of a site lies on its application host. */
const backrest = (site: string): string => `[global]
repo1-host=${appOf[site]}
repo1-host-user=pgbackrest
repo1-host-config=${paths.backrest}
compress-type=lz4
archive-async=n
start-fast=y
expire-auto=n
log-level-file=off
log-level-console=warn

[orders]
pg1-path=${paths.data}
pg1-port=5432
pg1-socket-path=/run/postgresql
`;
