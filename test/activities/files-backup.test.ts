import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut, context, failure, typeOf, until } from './estate.ts';
import { leftOver, nextAttempt, stores, type Stores } from './stores.ts';

describe('files.backup', () => {
  const input = { host: 'a-app', 'accept-shrunken': false };
  let at: Stores;
  beforeEach(() => {
    at = stores();
  });
  afterEach(() => at.end());

  it('changes nothing in its preflight, and says whether there is a repository', async () => {
    const before = at.tree(at.folder);
    const said = (await typeOf('files.backup').preflight(input, context(at))).join(' ');
    assert.match(said, /restic 0\.\d+\S* runs on a-app.*There is no repository in the store a-files yet/);
    assert.equal(at.tree(at.folder), before);
    await carryOut('files.backup', input, context(at));
    const saved = at.tree(at.folder);
    assert.match((await typeOf('files.backup').preflight(input, context(at))).join(' '), /opens from a-app and holds 1 snapshots/);
    assert.equal(at.tree(at.folder), saved);
  });

  it('saves every file with its manifest, once however often it is run', async () => {
    const made = context(at);
    const outcome = await carryOut('files.backup', input, made);
    const outputs = outcome.outputs as { snapshot: string; files: number; bytes: number; at: string };
    assert.deepEqual([outputs.files, outputs.bytes], [21, 20 * 50 * 11 + 10 * 50 + 3]);
    assert.deepEqual(outcome.backups, [
      {
        store: 'a-files',
        holds: 'files',
        complete: true,
        backups: [
          {
            label: outputs.snapshot,
            store: 'a-files',
            holds: 'files',
            kind: 'snapshot',
            at: outputs.at,
            bytes: outputs.bytes,
            provenAt: null,
            compared: [],
          },
        ],
      },
    ]);
    const listing = at.restic(at.files, 'ls', '--no-lock', outputs.snapshot);
    assert.match(listing, /documents\/sub\/-odd \$\(name\)\nof a file/);
    assert.match(listing, /lifeboat-files-\S+\/manifest\n/);

    const again = await carryOut('files.backup', input, { ...made, stillOurs: () => Promise.reject(new Error('run twice it saves once')) });
    assert.deepEqual(again.outputs, outcome.outputs);
    assert.equal(at.snapshots(at.files).length, 1);
    assert.ok(!leftOver().some((name) => name.endsWith(made.key)));
  });

  it('saves nothing once the run no longer runs', async () => {
    const late = context(at, { stillOurs: () => Promise.reject(new Error('lent to another run')) });
    const before = at.tree(at.folder);
    await assert.rejects(typeOf('files.backup').execute(input, late), /lent to another run/);
    assert.equal(at.tree(at.folder), before);
  });

  it('takes no empty and no shrunken set for a backup, unless a person accepts the shrunken one', async () => {
    await carryOut('files.backup', input, context(at));
    for (let index = 0; index < 12; index += 1) rmSync(join(at.documents, `file ${index}.txt`));
    const shrunken = await failure(carryOut('files.backup', input, context(at)));
    assert.deepEqual([shrunken.code, shrunken.remedy], ['backup-shrunken', 'person']);
    assert.match(shrunken.message, /9 files .* had 21/);
    renameSync(at.documents, `${at.documents}.away`);
    assert.equal((await failure(carryOut('files.backup', input, context(at)))).code, 'path-missing');
    mkdirSync(at.documents);
    const empty = await failure(carryOut('files.backup', { ...input, 'accept-shrunken': true }, context(at)));
    assert.deepEqual([empty.code, empty.remedy], ['backup-empty', 'person']);
    assert.equal(at.snapshots(at.files).length, 1);
    rmSync(at.documents, { recursive: true });
    renameSync(`${at.documents}.away`, at.documents);
    const accepted = await carryOut('files.backup', { ...input, 'accept-shrunken': true }, context(at));
    assert.equal((accepted.outputs as { files: number }).files, 9);
  });

  it('needs a person where the password is wrong or missing, and says neither', async () => {
    await carryOut('files.backup', input, context(at));
    const wrong = join(at.folder, 'wrong');
    writeFileSync(wrong, 'hunter2');
    for (const [file, code] of [
      [wrong, 'store-password'],
      [join(at.folder, 'nothing'), 'store-password-file'],
    ] as const) {
      const options = at.with({ stores: { 'site-a': { ...at.files, passwordFile: file } } });
      for (const act of ['preflight', 'execute'] as const) {
        const error = await failure(typeOf('files.backup')[act](input, context(at, options)) as Promise<unknown>);
        assert.deepEqual([error.code, error.remedy], [code, 'person'], error.message);
        assert.doesNotMatch(error.message, /hunter2/);
      }
    }
  });

  it('tries again later where the store cannot be reached', async () => {
    const away = { ...at.vault, options: ['rclone.program=false'] };
    const error = await failure(typeOf('files.backup').preflight(input, context(at, at.with({ stores: { 'site-a': away } }))));
    assert.deepEqual([error.code, error.remedy], ['store-unreachable', 'later']);
  });

  it('makes no new repository over one that held backups and is gone', async () => {
    const { backups = [] } = await carryOut('files.backup', input, context(at));
    renameSync(at.files.path, `${at.files.path}.unmounted`);
    mkdirSync(at.files.path);
    const error = await failure(carryOut('files.backup', input, context(at, { backups: backups[0]!.backups })));
    assert.deepEqual([error.code, error.remedy], ['store-lost', 'person']);
  });

  it('makes one repository when two runs find none in the same moment', async () => {
    const [one, other] = await Promise.all([carryOut('files.backup', input, context(at)), carryOut('files.backup', input, context(at))]);
    assert.notEqual((one.outputs as { snapshot: string }).snapshot, (other.outputs as { snapshot: string }).snapshot);
    assert.equal(at.snapshots(at.files).length, 2);
    assert.match(at.restic(at.files, 'check'), /no errors were found/);
  });

  it('is killed half way and saves once when it is run again: the lock of the dead restic does not stand in its way', async function () {
    writeFileSync(join(at.documents, 'large'), randomBytes(200 * 1024 * 1024));
    const stop = new AbortController();
    const made = context(at, { signal: stop.signal, stillOurs: async () => void (calls += 1) });
    let calls = 0;
    const going = typeOf('files.backup').execute(input, made);
    const locks = join(at.files.path, 'locks');
    // The first change is the repository, the second the folder, the third the snapshot.
    await until('restic to save', () => calls >= 3 && existsSync(locks) && readdirSync(locks).length > 0, 30_000);
    stop.abort();
    await assert.rejects(going);
    assert.equal(at.snapshots(at.files).length, 0);
    const next = nextAttempt(made);
    await carryOut('files.backup', input, next);
    assert.equal(at.snapshots(at.files).length, 1);
    assert.ok(!leftOver().some((name) => name.endsWith(made.key)));
    at.restic(at.files, 'unlock');
    assert.match(at.restic(at.files, 'check'), /no errors were found/);
  });

  it('is no backup where a file cannot be read', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    chmodSync(at.folder, 0o755);
    const secret = join(at.documents, 'secret');
    writeFileSync(secret, 'x', { mode: 0o600 });
    execFileSync('chown', ['-R', 'daemon', at.documents, join(at.folder, 'key')]);
    execFileSync('chown', ['root', secret]);
    mkdirSync(at.files.path);
    execFileSync('chown', ['daemon', at.files.path]);
    const error = await failure(carryOut('files.backup', input, context(at, at.with({ user: 'daemon' }))));
    assert.deepEqual([error.code, error.remedy], ['files-unreadable', 'person'], error.message);
    assert.match(error.message, /documents\/secret/);
    assert.equal(at.snapshots(at.files).length, 0);
  });

  it('needs a person where the disk of the store is full', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    mkdirSync(at.files.path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at.files.path]);
    try {
      writeFileSync(join(at.documents, 'large'), randomBytes(4 * 1024 * 1024));
      const error = await failure(carryOut('files.backup', input, context(at)));
      assert.deepEqual([error.code, error.remedy], ['disk-full', 'person']);
    } finally {
      execFileSync('umount', [at.files.path]);
    }
  });
});
