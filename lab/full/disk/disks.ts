import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../package-root.ts';
import { diskOf, machineOf, upperOf, type FullLab } from '../full-lab.ts';
import { machines } from '../shape.ts';
import { attempt, tool } from '../tool.ts';
import { writeApplication, writeStoreKeys } from './application.ts';
import { writeDatabase } from './database.ts';
import { writeEdge } from './edge.ts';
import { makeBlank } from './hide.ts';
import { writeLogin } from './login.ts';
import { link, put } from './put.ts';
import { writeSystem } from './system.ts';

/** What a host can hold beside the operating system. */
const size = '6G';

/** The disks of all hosts: file systems of their own, layers over this machine's own system. They last over power cuts. */
export async function makeDisks(lab: FullLab): Promise<void> {
  const [disk] = await Promise.all([
    makeBlank(join(lab.folder, 'blank'), [lab.folder, homedir(), packageRoot(), tmpdir()]),
    ...Object.keys(machines).map((host) => makeDisk(lab, host)),
  ]);
  writeSystem(lab, disk);
  await Promise.all(Object.keys(machines).map((host) => copyBlank(lab, host)));
  for (const host of Object.keys(machines)) {
    writeBare(lab, host);
    writeRole(lab, host);
  }
}

/** A new disk in the place of the old one: the operating system, and an ssh server that knows its operators. MUST have no power. */
export async function replaceDisk(lab: FullLab, host: string): Promise<void> {
  await tool(['umount', join(diskOf(lab, host), 'disk')]);
  await makeDisk(lab, host);
  await copyBlank(lab, host);
  writeBare(lab, host);
  writeFileSync(join(diskOf(lab, host), 'disk/replaced'), '');
}

/** Whether a disk was replaced, whatever was made of the new one since. */
export const isReplaced = (lab: FullLab, host: string): boolean => existsSync(join(diskOf(lab, host), 'disk/replaced'));

/** The disk as it was when the lab came up, but without a database. MUST have no power. */
export async function remakeDisk(lab: FullLab, host: string): Promise<void> {
  await replaceDisk(lab, host);
  writeRole(lab, host);
  rmSync(join(diskOf(lab, host), 'disk/replaced'));
}

/** Takes all that is free on a disk, where nothing that runs on the host can find it. Returns bytes. */
export async function fillDisk(lab: FullLab, host: string): Promise<number> {
  const [, free = '0'] = (await tool(['df', '--output=avail', '--block-size=1', join(diskOf(lab, host), 'disk')])).trim().split('\n');
  const { err } = await attempt(['fallocate', '--length', free.trim(), fillerOf(lab, host)]);
  // What the file system keeps for its own book-keeping is not to be had: the rest is taken in small pieces.
  if (err) await attempt(['dd', 'if=/dev/zero', `of=${fillerOf(lab, host)}`, 'bs=1M', 'oflag=append', 'conv=notrunc']);
  return statSync(fillerOf(lab, host)).size;
}

export const fillerOf = (lab: FullLab, host: string): string => join(diskOf(lab, host), 'disk/filler');

async function makeDisk(lab: FullLab, host: string): Promise<void> {
  const folder = diskOf(lab, host);
  for (const part of ['disk', 'mnt']) mkdirSync(join(folder, part), { recursive: true, mode: 0o700 });
  const image = join(folder, 'disk.img');
  rmSync(image, { force: true });
  await tool(['truncate', '--size', size, image]);
  const quick = 'lazy_itable_init=1,lazy_journal_init=1,nodiscard';
  await tool(['mkfs.ext4', '-q', '-m', '0', '-O', '^has_journal', '-E', quick, image]);
  await tool(['mount', '-o', 'loop', image, join(folder, 'disk')]);
  mkdirSync(join(folder, 'disk/wk'), { mode: 0o700 });
}

async function copyBlank(lab: FullLab, host: string): Promise<void> {
  await tool(['cp', '-a', join(lab.folder, 'blank/up'), upperOf(lab, host)]);
}

function writeBare(lab: FullLab, host: string): void {
  const disk = upperOf(lab, host);
  put(disk, 'etc/hostname', `${host}\n`);
  put(disk, 'etc/machine-id', `${createHash('sha256').update(`${lab.id}/${host}`).digest('hex').slice(0, 32)}\n`);
  writeLogin(lab, disk, host);
  writeStoreKeys(lab, disk, host);
}

function writeRole(lab: FullLab, host: string): void {
  const disk = upperOf(lab, host);
  const { role } = machineOf(host);
  if (role === 'database') writeDatabase(lab, disk, host);
  if (role === 'application') writeApplication(lab, disk, host);
  if (role === 'edge') writeEdge(lab, disk);
  const enabled = role === 'edge' ? ['named', 'haproxy'] : role === 'application' ? ['named'] : [];
  for (const unit of enabled) link(disk, `etc/systemd/system/lifeboat.target.wants/${unit}.service`, `/lib/systemd/system/${unit}.service`);
}
