import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut, context, failure, typeOf, until } from './estate.ts';
import { leftOver, nextAttempt, stores, type Stores } from './stores.ts';

describe('host.rebuild', () => {
  let at: Stores;
  let disk: string;
  before(async () => {
    at = stores();
    disk = join(at.folder, 'disk');
    writeFileSync(join(at.documents, 'large'), randomBytes(40 * 1024 * 1024));
    await carryOut('files.backup', { host: 'a-app' }, context(at));
    await carryOut('files.copy', { host: 'a-app' }, context(at));
  });
  after(() => at.end());
  beforeEach(() => mkdirSync(join(disk, 'etc'), { recursive: true }));
  afterEach(() => rmSync(disk, { recursive: true, force: true }));
  const input = (more: object = {}) => ({ host: 'a-app', store: 'a-vault', root: disk, blank: [at.documents], ...more });

  it('restores onto a blank disk beside what the base system has, once however often it is run', async () => {
    writeFileSync(join(disk, 'etc', 'base'), 'of the base system');
    const before = at.tree(at.folder);
    const made = context(at);
    assert.match((await typeOf('host.rebuild').preflight(input(), made)).join(' '), /whose disk is blank/);
    assert.equal(at.tree(at.folder), before, 'its preflight changes nothing');
    const { outputs } = await carryOut('host.rebuild', input(), made);
    assert.deepEqual([(outputs as { files: number }).files, (outputs as { changed: number }).changed], [22, 0]);
    execFileSync('diff', ['-r', at.documents, disk + at.documents]);
    assert.equal(readFileSync(join(disk, 'etc', 'base'), 'utf8'), 'of the base system');
    const restored = at.tree(disk);
    await carryOut('host.rebuild', input(), made);
    assert.equal(at.tree(disk), restored);
    assert.ok(!leftOver().some((name) => name.endsWith(made.key)));
  });

  it('restores nothing over a host that is in service', async () => {
    mkdirSync(disk + at.documents, { recursive: true });
    for (const act of ['preflight', 'execute'] as const) {
      const error = await failure(typeOf('host.rebuild')[act](input(), context(at)) as Promise<unknown>);
      assert.deepEqual([error.code, error.remedy], ['disk-not-blank', 'person']);
    }
    assert.equal(existsSync(join(disk + at.documents, 'large')), false);
  });

  it('leaves what is excepted as it is on the new disk', async () => {
    const mine = join(at.documents, 'file 3.txt');
    const { evidence } = await carryOut('host.rebuild', input({ except: [mine] }), context(at));
    assert.equal(existsSync(disk + mine), false);
    assert.match(evidence.join(' '), /21 files restored/);
  });

  it('puts the key there that the blank host lacks, for nobody else to read', async () => {
    const key = join(at.folder, 'key');
    renameSync(key, `${key}.at-the-worker`);
    try {
      assert.equal((await failure(carryOut('host.rebuild', input(), context(at)))).code, 'store-password-file');
      const keys = [{ file: key, secret: `file:${key}.at-the-worker` }];
      const made = context(at);
      const said = await typeOf('host.rebuild').preflight(input({ keys }), made);
      const { evidence } = await carryOut('host.rebuild', input({ keys }), made);
      assert.doesNotMatch([...said, ...evidence].join(' '), /correct horse/);
      assert.equal(execFileSync('stat', ['-c', '%a', key], { encoding: 'utf8' }).trim(), '600');
    } finally {
      renameSync(`${key}.at-the-worker`, key);
    }
  });

  it('is killed half way and rebuilds the whole when it is run again', async () => {
    const stop = new AbortController();
    const made = context(at, { signal: stop.signal });
    const going = typeOf('host.rebuild').execute(input(), made);
    await until('restic to write', () => existsSync(disk + at.documents), 40_000);
    stop.abort();
    await assert.rejects(going);
    assert.equal((await failure(typeOf('host.rebuild').verify(input(), nextAttempt(made)))).code, 'not-rebuilt');
    await carryOut('host.rebuild', input(), nextAttempt(made));
    execFileSync('diff', ['-r', at.documents, disk + at.documents]);
  });

  it('tells a store that cannot be reached, and one that has nothing of the host', async () => {
    const away = at.with({ copies: { 'site-a': { ...at.vault, options: ['rclone.program=false'] } } });
    const error = await failure(carryOut('host.rebuild', input(), context(at, away)));
    assert.deepEqual([error.code, error.remedy], ['store-unreachable', 'later']);
    assert.equal((await failure(carryOut('host.rebuild', input({ of: 'c-app' }), context(at)))).code, 'snapshot-missing');
  });
});
