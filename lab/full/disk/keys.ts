import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { address, addressOf, keyFile, type FullLab } from '../full-lab.ts';
import { devices, machines } from '../shape.ts';
import { tool } from '../tool.ts';
import type { Account } from './accounts.ts';
import { put } from './put.ts';

/** Keys of people and services; and of hosts, each signed by the one authority that everybody trusts. */
export async function makeKeys(lab: FullLab): Promise<void> {
  mkdirSync(join(lab.folder, 'keys'), { recursive: true, mode: 0o700 });
  await make(lab, 'authority');
  await Promise.all([
    ...['ops', 'postgres', 'pgbackrest', 'vault-a', 'vault-b'].map((name) => make(lab, name)),
    ...Object.keys(machines).map((name) => makeHost(lab, name, addressOf(lab, name))),
    ...Object.entries(devices).map(([name, { at }]) => makeHost(lab, name, address(lab, at))),
    // The key of nobody: what a host shows that is not the one it should be.
    make(lab, 'impostor'),
  ]);
}

/** Copies a key with its public part and certificate to a disk. */
export function copyKey(lab: FullLab, name: string, disk: string, path: string, of: Account): void {
  put(disk, path, readFileSync(keyFile(lab, name), 'utf8'), { mode: 0o600, of });
  for (const part of ['.pub', '-cert.pub']) {
    const file = `${keyFile(lab, name)}${part}`;
    if (existsSync(file)) put(disk, `${path}${part}`, readFileSync(file, 'utf8'), { of });
  }
}

async function make(lab: FullLab, name: string): Promise<void> {
  await tool(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', keyFile(lab, name)]);
}

async function makeHost(lab: FullLab, name: string, where: string): Promise<void> {
  await make(lab, `host-${name}`);
  const key = keyFile(lab, `host-${name}`);
  await tool(['ssh-keygen', '-q', '-s', keyFile(lab, 'authority'), '-I', name, '-h', '-n', `${name},${where}`, `${key}.pub`]);
}
