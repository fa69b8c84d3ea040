import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StepContext } from '../../activities/step.ts';
import type { HostFacts, StoreFacts, SystemFacts } from '../../plan/plan.ts';
import { localHost } from './nowhere.ts';

/** Two sites with documents, a store each, and a vault that can only be added to, all on this machine's disk and opened by restic. */
export interface Stores {
  readonly folder: string;
  readonly documents: string;
  readonly system: SystemFacts;
  readonly hosts: { readonly [name: string]: HostFacts };
  readonly files: StoreFacts;
  readonly vault: StoreFacts;
  /** The same system with other facts of its files. */
  with(files: Partial<NonNullable<NonNullable<SystemFacts['backups']>['files']>>): { readonly system: SystemFacts };
  /** What a store's directory holds, asked past the code under test. */
  snapshots(store: StoreFacts): readonly { readonly short_id: string; readonly time: string; readonly tags?: readonly string[] }[];
  restic(store: StoreFacts, ...argv: string[]): string;
  /** Every file below a directory, with its size and time. */
  tree(directory: string): string;
  end(): void;
}

export function stores(): Stores {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-stores-'));
  const documents = join(folder, 'documents');
  mkdirSync(join(documents, 'sub'), { recursive: true });
  for (let index = 0; index < 20; index += 1) writeFileSync(join(documents, `file ${index}.txt`), `document ${index}\n`.repeat(50));
  writeFileSync(join(documents, 'sub', '-odd $(name)\nof a file'), 'odd');
  const password = join(folder, 'key');
  writeFileSync(password, 'correct horse\n', { mode: 0o600 });
  const hosts = { 'a-app': localHost('a-app', 22), 'b-app': { ...localHost('b-app', 22), site: 'site-b' } };
  const serve = join(folder, 'serve');
  writeFileSync(serve, `#!/bin/sh\nexec rclone serve restic --stdio --append-only --quiet ${join(folder, 'a-vault')}\n`);
  chmodSync(serve, 0o755);
  const store = (name: string, host: keyof typeof hosts, more: Partial<StoreFacts> = {}): StoreFacts => ({
    name,
    site: hosts[host].site,
    tool: 'restic',
    host: hosts[host],
    path: join(folder, name),
    passwordFile: password,
    appendOnly: false,
    ...more,
  });
  const files = store('a-files', 'a-app', { url: join(folder, 'a-files') });
  const vault = store('a-vault', 'b-app', { url: 'rclone:', options: [`rclone.program=${serve}`], appendOnly: true });
  const kept = {
    hosts: { 'site-a': 'a-app', 'site-b': 'b-app' },
    paths: [documents],
    stores: { 'site-a': files, 'site-b': store('b-files', 'b-app') },
    copies: { 'site-a': vault },
  };
  const system: SystemFacts = { name: 'orders', tier: 1, backups: { files: kept } };
  const restic = (at: StoreFacts, ...argv: string[]) =>
    execFileSync('restic', ['-r', at.path, '--password-file', password, '--no-cache', ...argv], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  return {
    folder,
    documents,
    system,
    hosts,
    files,
    vault,
    restic,
    with: (more) => ({ system: { ...system, backups: { files: { ...kept, ...more } } } }),
    snapshots: (at) => JSON.parse(restic(at, 'snapshots', '--json', '--no-lock')) ?? [],
    tree: (directory) => execFileSync('find', [directory, '-printf', '%p %s %T@\n'], { encoding: 'utf8' }).split('\n').sort().join('\n'),
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Folders of steps that were left on this machine. */
export function leftOver(): readonly string[] {
  return readdirSync('/var/tmp').filter((name) => name.startsWith('lifeboat-files-'));
}

/** A later attempt of the same step. */
export function nextAttempt<Made extends StepContext>(made: Made): Made {
  const { signal } = new AbortController();
  return { ...made, signal, sleep: (milliseconds) => sleep(milliseconds, undefined, { signal }), stillOurs: async () => {} };
}
