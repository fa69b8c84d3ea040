import { stringify } from 'yaml';
import { join } from 'node:path';
import { fullHome } from '../aws/home.ts';
import { cloudEntries } from '../aws/inventory.ts';
import { address, addressOf, hq, keyFile, outsideOf, paths, secretFile, type FullLab } from './full-lab.ts';
import { appOf, devices, machines, sites, switchOf } from './shape.ts';
import { told } from '../told.ts';

/** The full lab as an inventory: the same grammar as any other's. */
export function inventory(lab: FullLab): string {
  const outside = outsideOf(lab);
  const home = fullHome(lab);
  const cloud = home && cloudEntries(home);
  return stringify(
    {
      decisions: 'anonymous',
      probe: `http://${outside}:${hq.probe}`,
      ...(lab.ui === undefined ? {} : { temporal: { ui: lab.ui } }),
      ssh: { user: 'ops', key: keyFile(lab, 'ops'), 'known-hosts': join(lab.folder, 'runbooks/known_hosts') },
      sites: {
        ...Object.fromEntries(sites.map((site) => [site, siteEntry(lab, site)])),
        edge: { kind: 'physical', limits: { steps: 20 } },
        ...cloud?.sites,
      },
      people: { 'dr-leads': ['demo-approver', 'alice@example.com', 'bob@example.com'], dbas: ['carol@example.com', 'dan@example.com'] },
      hosts: {
        ...Object.fromEntries(Object.keys(machines).map((name) => [name, hostEntry(lab, name)])),
        ...Object.fromEntries(
          Object.entries(devices).map(([name, { site, at }]) => [name, { site, connection: 'ssh', address: address(lab, at) }]),
        ),
      },
      stores: stores(),
      values: {
        tsig: `file:${secretFile(lab, 'tsig')}`,
        'vault-password': `file:${secretFile(lab, 'restic-vault')}`,
        'vault-login': `file:${keyFile(lab, 'vault-a')}`,
        ...cloud?.values,
      },
      systems: { orders: orders(lab), 'a-app-host': hostItself(), ...cloud?.systems },
      notify: told(`http://${outside}:${hq.hooks}`, secretFile(lab, 'hooks')),
      evidence: { key: `file:${secretFile(lab, 'record.key')}` },
    },
    { lineWidth: 140, aliasDuplicateObjects: false },
  );
}

const line = (device: string, name: string): object => ({ device, cut: ['cut', name], heal: ['heal', name], state: ['state', name] });

function siteEntry(lab: FullLab, site: string): object {
  return {
    kind: 'physical',
    limits: { steps: 20 },
    records: join(lab.records, site),
    witness: { port: 22, address: addressOf(lab, appOf[site]!) },
    router: { ...line('wan', site), 'nothing-writes-inside': true },
  };
}

function hostEntry(lab: FullLab, name: string): object {
  const { site, controller, role } = machines[name]!;
  const power = {
    driver: 'fence_ipmilan',
    address: address(lab, controller ?? ''),
    user: 'lifeboat',
    password: `file:${secretFile(lab, `controller-${name}`)}`,
    options: { lanplus: 1, cipher: 3 },
  };
  return {
    site,
    connection: 'ssh',
    address: addressOf(lab, name),
    ...(controller === undefined ? {} : { power }),
    ...(switchOf[site] === undefined ? {} : { 'switch-port': line(switchOf[site], name) }),
    tags: [role],
  };
}

function stores(): object {
  const vault = (host: string, from: string): object => ({
    tool: 'restic',
    host,
    path: paths.vault,
    owner: 'vault',
    url: 'rclone:',
    'password-file': `${paths.keys}/vault.key`,
    options: [`rclone.program=ssh -i ${paths.keys}/${from} vault@${host}`],
    'append-only': true,
  });
  return {
    'a-backrest': { tool: 'pgbackrest', host: 'a-app', path: paths.repository, owner: 'pgbackrest' },
    'b-backrest': { tool: 'pgbackrest', host: 'b-app', path: paths.repository, owner: 'pgbackrest' },
    'a-files': { tool: 'restic', host: 'a-app', path: paths.files, owner: 'root', 'password-file': `${paths.keys}/files.key` },
    'b-files': { tool: 'restic', host: 'b-app', path: paths.files, owner: 'root', 'password-file': `${paths.keys}/files.key` },
    // What site-a saves for the day it is gone lies at site-b, and the other way round.
    'b-vault': vault('b-app', 'vault_ed25519'),
    'a-vault': vault('a-app', 'vault_ed25519'),
  };
}

/** What a host needs to be itself again on a blank disk. Stores of backups are not saved into themselves. */
function hostItself(): object {
  return {
    tier: 2,
    backups: {
      files: {
        hosts: { 'site-a': 'a-app' },
        paths: ['/etc', '/home', '/srv/orders'],
        stores: { 'site-a': 'a-files' },
        copies: { 'site-a': 'b-vault' },
      },
    },
    promised: { backup: '7 days' },
  };
}

function orders(lab: FullLab): object {
  const bySite = <T>(a: T, b: T): object => ({ 'site-a': a, 'site-b': b });
  return {
    tier: 1,
    postgres: {
      members: bySite('a-db', 'b-db'),
      port: 5432,
      data: paths.data,
      bin: lab.postgres,
      database: 'orders',
      login: { user: 'lifeboat', password: `file:${secretFile(lab, 'lifeboat')}` },
      owner: 'postgres',
      replication: { user: 'repl', 'rewind-user': 'rewinder', passfile: paths.passfile },
      unit: 'orders-db',
    },
    backups: {
      postgres: {
        stanza: 'orders',
        config: paths.backrest,
        stores: bySite('a-backrest', 'b-backrest'),
        copies: bySite('b-vault', 'a-vault'),
      },
      files: {
        hosts: bySite('a-app', 'b-app'),
        paths: [paths.documents],
        stores: bySite('a-files', 'b-files'),
        copies: bySite('b-vault', 'a-vault'),
      },
    },
    probe: { every: '100 milliseconds', good: 5 },
    // Where the user of the database may write.
    rehearsal: { at: bySite({ root: '/var/lib/postgresql/rehearsal' }, { root: '/var/lib/postgresql/rehearsal' }) },
    promised: { backup: '2 days', rehearsal: '36 days' },
    // People practise: to and fro, without a pause.
    rest: '0 seconds',
  };
}
