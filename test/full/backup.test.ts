import assert from 'node:assert/strict';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { Backup } from '../../activities/step.ts';
import { paths, rootOf } from '../../lab/full/full-lab.ts';
import type { RunResult } from '../../workflows/wire.ts';
import { endOf, stateOf, until } from '../e2e/world.ts';
import { needsFullLab } from './can-stand.ts';
import { leftBy } from '../e2e/scene.ts';
import { outputOf } from './scene.ts';
import { FullWorld } from './world.ts';

/** restic as production opens the vault at the other site. */
const vaultOfProduction = [
  ...['restic', '-r', 'rclone:', '--password-file', `${paths.keys}/vault.key`],
  ...['-o', `rclone.program=ssh -i ${paths.keys}/vault_ed25519 vault@b-app`],
];

describe('the nightly backup of the full lab', function () {
  this.timeout(180_000);
  let world: FullWorld;
  before(async function () {
    needsFullLab(this);
    world = await FullWorld.up();
  });
  after(async () => world?.down());
  const on = (host: string, path: string): string => join(rootOf(world.lab, host), path);
  const vault = (): Promise<string[]> => readdir(on('b-app', `${paths.vault}/snapshots`));
  const labels = async (): Promise<string[]> =>
    (await readdir(on('a-app', `${paths.repository}/backup/orders`))).filter((name) => /^\d{8}-\d{6}F$/u.test(name));
  const listed = async (): Promise<Backup[]> =>
    (JSON.parse((await world.cli('backups', 'orders', '--json')).out) as { backups: Backup[] }).backups;
  const settled = (handle: WorkflowHandle, step: string): Promise<unknown> =>
    until(async () => (await stateOf(handle)).steps.some(({ id, state }) => id === step && state === 'done'), `${step} is done`, 60_000);

  /** It says what failed, fails the execution, and the newest backups of what was not compared are listed as unproven. */
  async function staysUnproven(handle: WorkflowHandle, why: RegExp): Promise<RunResult> {
    const end = await endOf(handle);
    assert.equal(end.verdict, 'unproven', end.why);
    assert.match(end.why, why);
    assert.equal((await handle.describe()).status.name, 'FAILED');
    return end;
  }

  it('ends proven, and nobody at the site that serves can delete its copies', async () => {
    const end = await endOf(await world.start('backup'));
    assert.equal(end.verdict, 'proven', end.why);
    const { out, code } = await world.cli('backups', 'orders');
    assert.equal(code, 0);
    assert.match(out, /a-backrest +\S+F +database +full .* proven/u);
    assert.match(out, /b-vault +\S+ +files +snapshot .* proven/u);
    assert.match(out, /b-vault +\S+ +database/u);
    assert.match(out, /amcheck read \d+ tables/u);
    const { record } = await leftBy(end, 'site-a');
    assert.equal(outputOf(record, 'copies-last', 'deletion'), 'refused');

    const before = await vault();
    const victim = String(outputOf(record, 'documents-copy', 'snapshot'));
    assert.ok(before.some((name) => name.startsWith(victim)));
    await assert.rejects(
      world.at('a-app', ['timeout', '--foreground', '--signal=INT', '8', ...vaultOfProduction, 'forget', victim]),
      /403 Forbidden/u,
    );
    assert.deepEqual(await vault(), before);
  });

  it('says what failed where the link between the sites is cut, and leaves nothing half done', async () => {
    const runbook = await readFile(`${world.runbooks}/orders-backup.yaml`, 'utf8');
    const hasty = runbook.replaceAll(/^( {4}uses: (?:postgres|files)\.copy)$/gmu, '$1\n    retry: { times: 1, wait: 1 second }');
    await world.write('orders-backup.yaml', hasty);
    const before = await vault();
    await world.fault('cut-between');
    const handle = await world.start('backup');
    await staysUnproven(handle, /-copy failed: .*(?:cannot be reached|b-app)/u);
    await world.heal();
    assert.deepEqual(await vault(), before);
    for (const host of ['a-app', 'b-app', 'a-db', 'b-db']) {
      assert.doesNotMatch(await world.at(host, ['systemctl', 'list-units', '--state=running', 'lifeboat-*']), /lifeboat-\S+ .*running/u);
      assert.doesNotMatch(await world.at(host, ['ls', '/var/tmp', '/var/lib/postgresql']), /lifeboat/u);
    }
    await world.write('orders-backup.yaml', runbook);
  });

  it('then ends proven, taken once, although the worker at its site is killed while it is taken', async () => {
    const before = await labels();
    const handle = await world.start('backup');
    const copying = on('a-app', `${paths.repository}/backup/orders`);
    const known = new Set(await readdir(copying));
    await until(async () => (await readdir(copying)).some((name) => name.endsWith('F') && !known.has(name)), 'pgBackRest at work', 60_000);
    await world.workers.find(({ site }) => site === 'site-a')!.kill();
    await world.startWorker('site-a');
    const end = await endOf(handle);
    assert.equal(end.verdict, 'proven', end.why);
    assert.equal((await labels()).length, before.length + 1);
    const { record } = await leftBy(end, 'site-a');
    const label = outputOf(record, 'database', 'label');
    assert.ok((await listed()).some((backup) => backup.label === label && backup.provenAt !== null));
  });

  it('stays unproven, says so and fails, where one byte of the copied documents has changed', async () => {
    const flipped = await flip(await largest(on('b-app', `${paths.vault}/data`)));
    await staysUnproven(await world.start('backup'), /documents-proof failed: .*damaged/u);
    await flipped.back();
    const [newest] = (await listed()).filter(({ store, holds }) => store === 'b-vault' && holds === 'files');
    assert.equal(newest?.provenAt, null);
  });

  it('stays unproven, says so and fails, where one byte in the repository of the database has changed', async () => {
    const handle = await world.start('backup');
    await settled(handle, 'database');
    const label = (await labels()).toSorted().at(-1)!;
    await flip(await largest(on('a-app', `${paths.repository}/backup/orders/${label}/pg_data/base`)));
    await staysUnproven(handle, /database-proof failed: .*invalid/u);
    assert.equal((await listed()).find((backup) => backup.label === label)?.provenAt, null);
  });
});

/** Changes one byte in the middle of a file. */
async function flip(file: string): Promise<{ back(): Promise<void> }> {
  const at = Math.floor((await stat(file)).size / 2);
  const change = async (): Promise<void> => {
    const handle = await open(file, 'r+');
    try {
      const byte = Buffer.alloc(1);
      await handle.read(byte, 0, 1, at);
      byte[0]! ^= 0xff;
      await handle.write(byte, 0, 1, at);
    } finally {
      await handle.close();
    }
  };
  await change();
  return { back: change };
}

async function largest(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
  const sized = await Promise.all(files.map(async (file) => ({ file, size: (await stat(file)).size })));
  return sized.toSorted((one, other) => other.size - one.size)[0]!.file;
}
