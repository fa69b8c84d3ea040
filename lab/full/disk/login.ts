import { addressOf, publicKey, type FullLab } from '../full-lab.ts';
import { devices, machines, pair } from '../shape.ts';
import { account } from './accounts.ts';
import { copyKey } from './keys.ts';
import { folder, put } from './put.ts';

/** Who logs in at a host by ssh, and whom it believes to be which host. */
export function writeLogin(lab: FullLab, disk: string, host: string): void {
  put(disk, 'etc/ssh/sshd_config', serverConfig);
  put(disk, 'etc/ssh/ssh_config', clientConfig);
  put(disk, 'etc/ssh/ssh_known_hosts', knownHosts(lab));
  copyKey(lab, `host-${host}`, disk, 'etc/ssh/host_key', account('root'));
  for (const [user, keys] of Object.entries(authorised(lab, host))) put(disk, `etc/ssh/keys/${user}`, `${keys.join('\n')}\n`);
  for (const [user, home, key] of own(host)) {
    const of = account(user);
    folder(disk, `${home}/.ssh`, { mode: 0o700, of });
    copyKey(lab, key, disk, `${home}/.ssh/id_ed25519`, of);
  }
  put(disk, 'etc/hosts', hostsFile(lab));
}

export const knownHosts = (lab: FullLab): string =>
  `@cert-authority 10.${lab.net}.*,${[...Object.keys(machines), ...Object.keys(devices)].join(',')} ${publicKey(lab, 'authority')}\n`;

/** A key of a service runs its one program and nothing else. */
function authorised(lab: FullLab, host: string): { readonly [user: string]: readonly string[] } {
  const backrest = (key: string): string => `restrict,command="/usr/bin/pgbackrest \${SSH_ORIGINAL_COMMAND#* }" ${publicKey(lab, key)}`;
  const { role, site } = machines[host]!;
  const ops = { ops: [publicKey(lab, 'ops')] };
  if (role === 'database') return { ...ops, postgres: [backrest('pgbackrest')] };
  if (role !== 'application') return ops;
  const stranger = site === 'site-a' ? 'vault-b' : 'vault-a';
  const serve = `restrict,command="/usr/bin/rclone --config /dev/null serve restic --stdio --append-only /srv/vault/orders" ${publicKey(lab, stranger)}`;
  return { ...ops, pgbackrest: [backrest('postgres')], vault: [serve] };
}

function own(host: string): readonly (readonly [user: string, home: string, key: string])[] {
  if (pair.some((one) => one === host)) return [['postgres', 'var/lib/postgresql', 'postgres']];
  return machines[host]!.role === 'application' ? [['pgbackrest', 'home/pgbackrest', 'pgbackrest']] : [];
}

const serverConfig = `Port 22
HostKey /etc/ssh/host_key
HostCertificate /etc/ssh/host_key-cert.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
AllowUsers ops postgres pgbackrest vault
AuthorizedKeysFile /etc/ssh/keys/%u
UsePAM yes
UseDNS no
PrintMotd no
ClientAliveInterval 5
ClientAliveCountMax 3
MaxStartups 100
Subsystem sftp /usr/lib/openssh/sftp-server
`;

const clientConfig = `Host *
  StrictHostKeyChecking yes
  ConnectTimeout 3
  BatchMode yes
`;

function hostsFile(lab: FullLab): string {
  return ['127.0.0.1 localhost', ...Object.keys(machines).map((name) => `${addressOf(lab, name)} ${name}`), ''].join('\n');
}
