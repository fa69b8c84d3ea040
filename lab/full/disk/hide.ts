import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tool } from '../tool.ts';

/** Of this machine's own system a host has these, and nothing else. */
const shown = new Set(['bin', 'dev', 'etc', 'lib', 'lib32', 'lib64', 'libx32', 'proc', 'run', 'sbin', 'sys', 'usr']);
/** Parts of those that are this machine's own business. */
const hidden = [
  'etc/lifeboat',
  'etc/ssh',
  'etc/sudoers.d',
  'etc/systemd/system',
  'etc/postgresql',
  'etc/keepalived',
  'usr/local',
  'usr/src',
];
/** What every system has, empty. */
const empty = [
  ...['boot', 'home', 'media', 'mnt', 'opt', 'root', 'srv', 'tmp', 'var', 'etc/lifeboat', 'etc/ssh', 'etc/sudoers.d', 'etc/systemd/system'],
  ...['usr/local', 'usr/src', 'var/backups', 'var/cache', 'var/lib', 'var/log', 'var/mail', 'var/opt', 'var/spool', 'var/tmp'],
];

/**
 * Makes an empty disk on which, laid over this machine's own system, nothing of it is left but the operating system: no home,
 * no sources, no other lab, no key. Whiteouts do it, and folders made over them while it is mounted once.
 */
export async function makeBlank(folder: string, others: readonly string[]): Promise<string> {
  const [up, work, mount] = ['up', 'wk', 'mnt'].map((part) => join(folder, part)) as [string, string, string];
  for (const one of [up, work, mount]) mkdirSync(one, { recursive: true });
  const top = readdirSync('/').filter((name) => !shown.has(name));
  // What lies under /run is hidden by the host's own.
  const below = others.map((one) => one.slice(1)).filter((one) => /^(etc|usr)\//.test(one));
  for (const path of outermost([...top, ...hidden, ...below])) {
    mkdirSync(dirname(join(up, path)), { recursive: true });
    await tool(['mknod', join(up, path), 'c', '0', '0']);
  }
  await tool(['mount', '-t', 'overlay', 'lifeboat', '-o', `lowerdir=/,upperdir=${up},workdir=${work}`, mount]);
  try {
    for (const path of empty) mkdirSync(join(mount, path), { recursive: true, mode: path === 'root' ? 0o700 : 0o755 });
  } finally {
    await tool(['umount', mount]);
  }
  rmSync(work, { recursive: true, force: true });
  return up;
}

function outermost(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
}
