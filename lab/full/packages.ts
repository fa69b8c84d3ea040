import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Debian packages that the full lab needs, each with what for. */
export const packages = {
  bind9: 'name servers of the edge and of both sites',
  'bind9-dnsutils': 'asks and updates them',
  dbus: 'lets people who are not root ask systemd on a host',
  e2fsprogs: 'makes the disks of hosts',
  'fence-agents': 'speaks to the power controllers',
  haproxy: 'sends clients to the database that serves',
  ipmitool: 'what the fence agent speaks IPMI with',
  iproute2: 'lays the network: namespaces, bridges, wires',
  nftables: 'cuts lines at the router',
  openipmi: 'power controllers that speak IPMI (ipmi_sim)',
  'openssh-client': 'logs in at the hosts',
  'openssh-server': 'ssh servers of hosts and network devices',
  pgbackrest: 'backs the database up',
  postgresql: 'the database',
  procps: 'sysctl, which makes the router forward',
  rclone: 'serves the vaults: append-only restic repositories',
  restic: 'backs files up',
  socat: "carries a controller's presses to its host, and commands to HAProxy's socket",
  sudo: 'what the login on a host may do',
  'systemd-container': 'boots hosts (systemd-nspawn)',
} as const;

/** Those that are not installed. */
export function missingPackages(): readonly string[] {
  const names = Object.keys(packages);
  const { stdout } = spawnSync('dpkg-query', ['--show', '--showformat=${Package} ${db:Status-Status}\\n', ...names], { encoding: 'utf8' });
  const there = new Set((stdout ?? '').split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]!] : [])));
  return names.filter((name) => !there.has(name));
}

/** Whether this is Debian, where the names above are known. */
export function isDebian(): boolean {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** Throws with what is missing and how to get it; where `install` says so, gets it. */
export function provide(install: boolean): void {
  if (process.getuid?.() !== 0 || !isDebian()) {
    throw new Error('The full lab needs root on Debian. The small one (lifeboat lab up) runs anywhere, without root.');
  }
  const missing = missingPackages();
  if (missing.length === 0) return;
  const why = missing.map((name) => `  ${name}: ${packages[name as keyof typeof packages]}`).join('\n');
  if (!install)
    throw new Error(`These packages are missing:\n${why}\nInstall them: apt-get install ${missing.join(' ')} – or add --install.`);
  for (const words of [['update'], ['install', '--yes', '--no-install-recommends', ...missing]]) {
    const { status, stderr } = spawnSync('apt-get', ['--quiet', '--quiet', ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0) throw new Error(`apt-get ${words[0]} failed: ${stderr.trim().split('\n').slice(-3).join(' / ')}`);
  }
}
