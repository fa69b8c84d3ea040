import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut, context, failure, typeOf, until } from './estate.ts';
import { leftOver, nextAttempt, stores, type Stores } from './stores.ts';

describe('files.restore', () => {
  let at: Stores;
  let directory: string;
  let first: { snapshot: string; at: string };
  before(async () => {
    at = stores();
    directory = join(at.folder, 'restored', 'orders');
    first = (await carryOut('files.backup', { host: 'a-app' }, context(at))).outputs as typeof first;
    writeFileSync(join(at.documents, 'late'), randomBytes(40 * 1024 * 1024));
    await carryOut('files.backup', { host: 'a-app' }, context(at));
  });
  after(() => at.end());
  afterEach(() => rmSync(join(at.folder, 'restored'), { recursive: true, force: true }));
  const input = (more: object = {}) => ({ host: 'b-app', store: 'a-files', snapshot: 'latest', directory, ...more });

  it('restores every file as it was saved, once however often it is run', async () => {
    const before = at.tree(at.folder);
    await typeOf('files.restore').preflight(input(), context(at));
    assert.equal(at.tree(at.folder), before, 'its preflight changes nothing');
    const made = context(at);
    const { outputs, evidence } = await carryOut('files.restore', input(), made);
    assert.deepEqual([(outputs as { files: number }).files, (outputs as { changed: number }).changed], [22, 0]);
    assert.match(evidence.join(' '), /22 files restored .* names, sizes, modes, SHA-256/);
    execFileSync('diff', ['-r', at.documents, directory + at.documents]);
    const restored = at.tree(directory);
    await carryOut('files.restore', input(), { ...made, stillOurs: async () => {} });
    assert.equal(at.tree(directory), restored);
    assert.deepEqual(readdirSync(join(at.folder, 'restored')), ['orders']);
    assert.ok(!leftOver().some((name) => name.endsWith(made.key)));
  });

  it('restores to a point in time, and a snapshot by its name', async () => {
    for (const snapshot of [first.snapshot, first.at]) {
      const { outputs } = await carryOut('files.restore', input({ snapshot }), context(at));
      assert.equal((outputs as { snapshot: string }).snapshot, first.snapshot);
      assert.equal(existsSync(join(directory + at.documents, 'late')), false);
      rmSync(directory, { recursive: true });
    }
  });

  it('restores nothing over data', async () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'precious'), 'x');
    for (const act of ['preflight', 'execute'] as const) {
      const error = await failure(typeOf('files.restore')[act](input(), context(at)) as Promise<unknown>);
      assert.deepEqual([error.code, error.remedy], ['directory-in-use', 'person']);
    }
    assert.deepEqual(readdirSync(directory), ['precious']);
  });

  it('is killed half way and restores the whole when it is run again; before that the directory is not there', async () => {
    const stop = new AbortController();
    const made = context(at, { signal: stop.signal });
    const going = typeOf('files.restore').execute(input(), made);
    await until(
      'restic to write',
      () => existsSync(join(at.folder, 'restored')) && readdirSync(join(at.folder, 'restored')).length > 0,
      30_000,
    );
    assert.equal(existsSync(directory), false);
    stop.abort();
    await assert.rejects(going);
    assert.equal(existsSync(directory), false);
    await carryOut('files.restore', input(), nextAttempt(made));
    execFileSync('diff', ['-r', at.documents, directory + at.documents]);
    assert.deepEqual(readdirSync(join(at.folder, 'restored')), ['orders']);
  });

  it('names a file that is not as its manifest says', async () => {
    const made = context(at);
    await carryOut('files.restore', input({ snapshot: first.snapshot }), made);
    const file = join(directory + at.documents, 'file 3.txt');
    writeFileSync(file, 'forged');
    utimesSync(file, 1_000_000, 1_000_000);
    utimesSync(join(file, '..'), 1_000_000, 1_000_000);
    const error = await failure(typeOf('files.restore').verify(input({ snapshot: first.snapshot }), made));
    assert.deepEqual([error.code, error.remedy], ['files-differ', 'person']);
    assert.match(error.message, /documents\/file 3\.txt/);
  });

  it('needs a person where the disk is too small, before anything is written', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const small = join(at.folder, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small]);
    try {
      const error = await failure(typeOf('files.restore').execute(input({ directory: join(small, 'orders') }), context(at)));
      assert.deepEqual([error.code, error.remedy], ['disk-full', 'person']);
      assert.deepEqual(readdirSync(small), []);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  it('opens nothing with a wrong key, and does not find what is not there', async () => {
    const wrong = join(at.folder, 'wrong');
    writeFileSync(wrong, 'hunter2');
    const locked = at.with({ stores: { 'site-a': { ...at.files, passwordFile: wrong } } });
    assert.equal((await failure(carryOut('files.restore', input(), context(at, locked)))).code, 'store-password');
    assert.equal((await failure(carryOut('files.restore', input({ snapshot: 'deadbeef' }), context(at)))).code, 'snapshot-missing');
    renameSync(at.files.path, `${at.files.path}.away`);
    try {
      assert.equal((await failure(carryOut('files.restore', input(), context(at)))).code, 'store-missing');
    } finally {
      renameSync(`${at.files.path}.away`, at.files.path);
    }
  });
});
