import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { addressOf, paths, secret, type FullLab } from '../full-lab.ts';
import { machines } from '../shape.ts';
import { account, keyReaders } from './accounts.ts';
import { copyKey } from './keys.ts';
import { folder, put } from './put.ts';

/** An application host: documents, stores of backups, a secondary name server. */
export function writeApplication(lab: FullLab, disk: string, host: string): void {
  const { site } = machines[host]!;
  const database = site === 'site-a' ? 'a-db' : 'b-db';
  put(disk, paths.backrest, backrest(database));
  folder(disk, paths.repository, { mode: 0o750, of: account('pgbackrest') });
  folder(disk, 'var/log/pgbackrest', { mode: 0o770, of: account('pgbackrest') });
  folder(disk, paths.files, { mode: 0o700 });
  folder(disk, '/srv/vault', { mode: 0o755 });
  folder(disk, paths.vault, { mode: 0o700, of: account('vault') });
  writeDocuments(disk);
  put(disk, 'etc/bind/named.conf', secondary(lab, host));
}

/** What opens the stores: passwords of the restic repositories, and the key that adds to the other site's vault. */
export function writeStoreKeys(lab: FullLab, disk: string, host: string): void {
  const { site, role } = machines[host]!;
  if (role === 'edge') return;
  // ssh takes a private key that others may read only from those who do not own it: root reads it as well.
  copyKey(lab, site === 'site-a' ? 'vault-a' : 'vault-b', disk, `${paths.keys}/vault_ed25519`, account('pgbackrest'));
  for (const name of ['files', 'vault']) {
    put(disk, `${paths.keys}/${name}.key`, `${secret(lab, `restic-${name}`)}\n`, { mode: 0o640, group: keyReaders });
  }
}

const backrest = (database: string): string => `[global]
repo1-path=${paths.repository}
compress-type=lz4
start-fast=y
expire-auto=n
log-level-file=off
log-level-console=warn

[orders]
pg1-host=${database}
pg1-host-user=postgres
pg1-host-config=${paths.backrest}
pg1-path=${paths.data}
pg1-port=5432
pg1-socket-path=/run/postgresql
`;

export function writeDocuments(disk: string): void {
  for (let month = 1; month <= 12; month += 1) {
    const place = `${paths.documents}/2026-${String(month).padStart(2, '0')}`;
    mkdirSync(join(disk, place), { recursive: true });
    for (let one = 1; one <= 4; one += 1) put(disk, `${place}/invoice ${month}-${one}.pdf`, randomBytes(6000).toString('base64'));
  }
}

const secondary = (lab: FullLab, host: string): string => `options {
  directory "/var/cache/bind";
  listen-on { ${addressOf(lab, host)}; 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no; dnssec-validation no; minimal-responses yes;
};
controls { };
zone "orders.test" {
  type secondary;
  primaries { ${addressOf(lab, 'edge')}; };
  min-retry-time 1; max-retry-time 2;
  allow-notify { ${addressOf(lab, 'edge')}; };
  file "orders.test.zone";
};
`;
