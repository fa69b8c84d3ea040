import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const roots = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];

/** The control groups of a host, one in each hierarchy that this machine has. */
export function controlGroups(name: string): string[] {
  return roots.filter((root) => existsSync(join(root, 'cgroup.procs'))).map((root) => join(root, name));
}

/** Removes them with all below; a group stays busy until the last process that lived in it was reaped. */
export async function removeControlGroups(name: string, within = 10_000): Promise<void> {
  const deadline = Date.now() + within;
  for (const group of controlGroups(name)) {
    while (existsSync(group) && !removed(group)) {
      if (Date.now() > deadline) throw new Error(`The control group ${group} is still in use after ${within / 1000} s.`);
      await sleep(20);
    }
  }
}

function removed(group: string): boolean {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true })) if (entry.isDirectory()) removed(join(group, entry.name));
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}
