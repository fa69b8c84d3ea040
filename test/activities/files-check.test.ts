import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifest } from '../../activities/files/manifest.ts';
import { carryOut, failure, typeOf } from './estate.ts';
import { closedPort, localHost, plain } from './nowhere.ts';

describe('files.check', () => {
  const hosts = { 'b-app': localHost('b-app', 22) };
  let folder: string;
  let root: string;
  let list: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lifeboat-check-'));
    root = join(folder, 'documents');
    list = join(folder, 'documents.sha256');
    mkdirSync(join(root, 'deep'), { recursive: true });
    for (const name of ['a', 'b c', '-x', 'deep/$(touch TRAP)', 'deep/line\nbreak', 'deep/back\\slash', 'ä'])
      writeFileSync(join(root, name), name);
    const { stdout } = spawnSync('sh', ['-c', 'find . -type f -print0 | xargs -0 sha256sum'], { cwd: root, encoding: 'utf8' });
    writeFileSync(list, stdout);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const check = (wanted: object = {}) => carryOut('files.check', { host: 'b-app', manifest: list, root, ...wanted }, plain({ hosts }));

  it('holds files to a list of sha256sum, whatever their names', async () => {
    const { outputs, evidence } = await check();
    assert.equal((outputs as { files: number }).files, 7);
    assert.match(evidence.join(), /7 files on b-app have the SHA-256/);
  });

  it('holds files to the manifest that a backup made', async () => {
    const file = join(folder, 'manifest');
    await manifest('b-app', { paths: [root], file, within: 30_000 }, plain({ hosts }));
    assert.equal(((await check({ manifest: file, root: '/' })).outputs as { files: number }).files, 7);
    writeFileSync(join(root, 'deep/line\nbreak'), 'other');
    const error = await failure(check({ manifest: file, root: '/' }));
    assert.equal(error.code, 'files-differ');
    assert.match(error.message, /1 of 7 files .*line\?break/);
  });

  it('finds one changed byte and one missing file, by name and number, also on a second look', async () => {
    const context = plain({ hosts });
    const wanted = { host: 'b-app', manifest: list, root };
    await carryOut('files.check', wanted, context);
    writeFileSync(join(root, 'a'), 'b');
    rmSync(join(root, '-x'));
    const error = await failure(carryOut('files.check', wanted, context));
    assert.deepEqual([error.code, error.remedy], ['files-differ', 'person']);
    assert.match(error.message, /2 of 7 files on b-app are not as .*: /);
    assert.match(error.message, /\.\/a: FAILED/);
    assert.match(error.message, /\.\/-x: FAILED open or read/);
  });

  it('compares nothing for nothing: an empty manifest is a failure, and so is one that is none', async () => {
    writeFileSync(list, '');
    assert.equal((await failure(check())).code, 'nothing-compared');
    writeFileSync(list, `${'0'.repeat(64)}  a\nnonsense\n`);
    assert.deepEqual([(await failure(check())).code, (await failure(check())).remedy], ['manifest-missing', 'person']);
  });

  it('says before the run that a manifest is missing, and looks without changing anything', async () => {
    const type = typeOf('files.check');
    const wanted = { host: 'b-app', manifest: list, root };
    const before = spawnSync('find', [folder, '-printf', '%p %T@\n'], { encoding: 'utf8' }).stdout;
    assert.match((await type.preflight(wanted, plain({ hosts }))).join(), /has \d+ bytes/);
    const error = await failure(type.preflight({ ...wanted, manifest: '/no/manifest' }, plain({ hosts })));
    assert.deepEqual([error.code, error.remedy], ['manifest-missing', 'person']);
    assert.equal(spawnSync('find', [folder, '-printf', '%p %T@\n'], { encoding: 'utf8' }).stdout, before);
  });

  it('says that a host cannot be reached', async () => {
    const views = { default: { address: '127.0.0.1', ports: { 22: await closedPort() } } };
    const far = { 'b-app': { ...hosts['b-app'], connection: 'ssh' as const, views, ssh: { user: 'ops', port: 22 } } };
    const error = await failure(typeOf('files.check').verify({ host: 'b-app', manifest: list, root }, plain({ hosts: far })));
    assert.equal(error.code, 'ssh-unreachable');
  });
});
