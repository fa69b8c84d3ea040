import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fullHome } from '../aws/home.ts';
import { endDatabases } from '../aws/rds/end.ts';
import { identify, killAll, signal, type Identity } from '../process.ts';
import { readIdentity } from '../launch.ts';
import { freeSharedMemory } from '../shared-memory.ts';
import { controlGroups, removeControlGroups } from './control-groups.ts';
import { labFile, nameOf, namespaceOf, readFullLab, runFile, type FullLab } from './full-lab.ts';
import { holderIn, leaveNet } from './lock.ts';
import { forgetBoot } from './machine.ts';
import { parts, removeNetwork } from './network.ts';
import { machines } from './shape.ts';

/**
 * Ends everything of the lab and removes its folder, also where it stands only half, or where the folder itself is gone.
 * Returns how many processes it ended. Throws, and removes nothing, where the folder holds no lab.
 */
export async function downFull(place: string): Promise<number> {
  const folder = resolve(place);
  const lab = existsSync(labFile(folder)) ? readFullLab(folder) : holderIn(folder);
  if (!lab) throw new Error(`There is no lab in ${folder}: lab.json is missing.`);
  let ended = 0;
  // Whoever could start a host again first.
  const estate = readIdentity(runFile(lab, 'estate'));
  if (estate && signal(estate, 'SIGKILL')) ended += 1;
  ended += await killAll({ tag: `LIFEBOAT_LAB=${lab.id}` });
  const home = fullHome(lab);
  if (home) {
    ended += await endDatabases(home);
    freeSharedMemory(home.disks);
  }
  ended += await emptied(lab);
  await unmountAll(lab);
  for (const host of Object.keys(machines)) {
    await removeControlGroups(nameOf(lab, host));
    forgetBoot(lab, host);
  }
  rmSync(lab.folder, { recursive: true, force: true, maxRetries: 5 });
  await removeNetwork(lab);
  leaveNet(lab);
  return ended;
}

/** Kills (-9) all that lives in the lab's control groups and networks, until nothing does. */
async function emptied(lab: FullLab, within = 15_000): Promise<number> {
  const killed = new Set<number>();
  for (const deadline = Date.now() + within; ; await sleep(20)) {
    const left = inhabitants(lab);
    if (left.length === 0) return killed.size;
    for (const one of left) if (signal(one, 'SIGKILL')) killed.add(one.pid);
    if (Date.now() > deadline) throw new Error(`Processes ${left.map(({ pid }) => pid).join(', ')} of the lab do not end.`);
  }
}

function inhabitants(lab: FullLab): Identity[] {
  const networks = new Set(parts().flatMap((part) => inode(namespaceOf(lab, part))));
  const groups = new Set(Object.keys(machines).flatMap((host) => controlGroups(nameOf(lab, host)).flatMap(processesIn)));
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || (!groups.has(Number(name)) && !networks.has(networkOf(name)))) return [];
    const identity = identify(Number(name));
    return identity ? [identity] : [];
  });
}

function processesIn(group: string): number[] {
  if (!existsSync(group)) return [];
  const here = readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  const below = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...here, ...below.flatMap(({ name }) => processesIn(join(group, name)))];
}

function inode(namespace: string): string[] {
  try {
    return [`net:[${statSync(namespace).ino}]`];
  } catch {
    return [];
  }
}

function networkOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}

/** Innermost first. MUST leave nothing mounted: what is removed next would be removed through it. */
async function unmountAll(lab: FullLab, within = 10_000): Promise<void> {
  for (const deadline = Date.now() + within; ; await sleep(20)) {
    const left = mountsBelow(lab.folder);
    if (left.length === 0) return;
    for (const mount of left.reverse()) spawnSync('umount', [mount]);
    if (Date.now() > deadline) throw new Error(`${left.join(', ')} are still in use; ${dirname(lab.folder)} is left as it is.`);
  }
}

function mountsBelow(folder: string): string[] {
  const all = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return all.filter((mount) => mount.startsWith(`${folder}/`));
}
