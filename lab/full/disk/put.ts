import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Account } from './accounts.ts';

export interface Put {
  readonly mode?: number;
  /** Whose it is. Default: root's. */
  readonly of?: Account;
  /** Group that reads it, where it is not its owner's. */
  readonly group?: Account;
}

/** Writes a file of a disk, with the folders on its way. MUST NOT be used while the disk is mounted. */
export function put(disk: string, path: string, text: string, { mode = 0o644, of, group }: Put = {}): void {
  const file = join(disk, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
  chmodSync(file, mode);
  chownSync(file, of?.uid ?? 0, group?.gid ?? of?.gid ?? 0);
}

export function folder(disk: string, path: string, { mode = 0o755, of, group }: Put = {}): void {
  const made = join(disk, path);
  mkdirSync(made, { recursive: true });
  chmodSync(made, mode);
  chownSync(made, of?.uid ?? 0, group?.gid ?? of?.gid ?? 0);
}

export function link(disk: string, path: string, to: string): void {
  mkdirSync(dirname(join(disk, path)), { recursive: true });
  symlinkSync(to, join(disk, path));
}
