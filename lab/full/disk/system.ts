import { join } from 'node:path';
import { chmodSync } from 'node:fs';
import { paths, type FullLab } from '../full-lab.ts';
import { account, writeAccounts } from './accounts.ts';
import { folder, link, put } from './put.ts';

/** What all hosts have in common: how they boot, who may log in and do what. */
export function writeSystem(lab: FullLab, disk: string): void {
  writeAccounts(disk);
  for (const scratch of ['tmp', 'var/tmp']) chmodSync(join(disk, scratch), 0o1777);
  link(disk, 'var/run', '/run');
  link(disk, 'var/lock', '/run/lock');
  for (const name of ['ops', 'pgbackrest', 'vault']) folder(disk, `home/${name}`, { of: account(name) });
  folder(disk, 'var/cache/bind', { mode: 0o775, of: { uid: 0, gid: account('bind').gid } });
  folder(disk, 'var/lib/bind', { mode: 0o775, of: { uid: 0, gid: account('bind').gid } });
  folder(disk, 'var/lib/haproxy', { mode: 0o2775, of: { uid: 0, gid: account('haproxy').gid } });
  folder(disk, 'var/lib/postgresql', { of: account('postgres') });
  folder(disk, 'var/log/pgbackrest', { mode: 0o770, of: account('postgres') });
  put(disk, 'etc/resolv.conf', `nameserver 10.${lab.net}.0.3\noptions timeout:1 attempts:1\n`);
  put(disk, 'etc/sudoers.d/lifeboat', sudoers, { mode: 0o440 });
  writeBoot(lab, disk);
}

function writeBoot(lab: FullLab, disk: string): void {
  const units = 'etc/systemd/system';
  put(disk, `${units}/lifeboat.target`, target);
  put(disk, `${units}/ssh.service.d/order.conf`, '[Unit]\nAfter=systemd-user-sessions.service\n');
  put(disk, `${units}/orders-db.service`, databaseUnit(lab));
  for (const unit of masked) link(disk, `${units}/${unit}`, '/dev/null');
}

const sudoers = `Defaults !requiretty, !use_pty, !syslog
ops ALL=(root) NOPASSWD: ALL
ops ALL=(postgres, pgbackrest, vault) NOPASSWD: ALL
`;

const target = `[Unit]
Description=a host of the practice lab
Requires=basic.target
After=basic.target
# Without the last, PAM refuses logins for ever.
Wants=ssh.service dbus.service systemd-user-sessions.service
AllowIsolate=yes
`;

const databaseUnit = (lab: FullLab): string => `[Unit]
Description=the database of orders (not enabled: a returning old primary stays down until it is rewound)
After=network.target
[Service]
Type=notify
User=postgres
RuntimeDirectory=postgresql
RuntimeDirectoryMode=2775
RuntimeDirectoryPreserve=yes
ExecStart=${lab.postgres}/postgres -D ${paths.data} -c config_file=${paths.configuration}/postgresql.conf
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
KillSignal=SIGINT
TimeoutSec=120
[Install]
WantedBy=lifeboat.target
`;

// systemd-logind: a session, a scope and a manager at each login, that nobody here needs.
const masked = [
  ...['systemd-firstboot', 'systemd-resolved', 'systemd-networkd', 'systemd-timesyncd', 'systemd-udevd', 'systemd-udev-trigger'],
  ...[
    'systemd-logind',
    'systemd-pstore',
    'systemd-journal-flush',
    'systemd-update-utmp',
    'systemd-machine-id-commit',
    'user@',
    'user-runtime-dir@',
  ],
  ...['e2scrub_reap', 'blk-availability', 'lvm2-monitor', 'nftables', 'openipmi', 'ipmievd', 'ldconfig', 'systemd-hwdb-update'],
]
  .map((name) => `${name}.service`)
  .concat('lvm2-lvmpolld.socket', 'dm-event.socket', 'timers.target', 'paths.target');
