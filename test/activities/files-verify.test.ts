import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { carryOut, context, failure, rehearse, typeOf, until } from './estate.ts';
import { leftOver, nextAttempt, stores, type Stores } from './stores.ts';

describe('files.verify', () => {
  const input = { host: 'b-app', snapshot: 'latest' };
  let at: Stores;
  beforeEach(async () => {
    at = stores();
    await carryOut('files.backup', { host: 'a-app' }, context(at));
    await carryOut('files.copy', { host: 'a-app' }, context(at));
  });
  afterEach(() => at.end());

  it('proves a snapshot at the other site with nothing of the first, and leaves nothing behind', async () => {
    const away = at.with({ stores: { 'site-a': { ...at.files, path: '/nowhere', passwordFile: '/nowhere' } } });
    const before = at.tree(at.folder);
    const made = context(at, away);
    assert.match((await typeOf('files.verify').preflight(input, made)).join(' '), /lies in a-vault/);
    assert.equal(at.tree(at.folder), before, 'its preflight changes nothing');
    const outcome = await carryOut('files.verify', input, made);
    const outputs = outcome.outputs as { 'proven-at': string; files: number; compared: readonly string[] };
    assert.equal(outputs.files, 21);
    assert.match(outputs.compared.join(' '), /all of the data in a-vault.* 21 files restored on b-app .* SHA-256/);
    const [copy] = at.snapshots(at.vault);
    assert.deepEqual(
      outcome.backups?.[0]?.backups.map(({ label, provenAt, compared }) => [label, provenAt, compared]),
      [[copy?.short_id, outputs['proven-at'], outputs.compared]],
    );
    assert.ok(!leftOver().some((name) => name.endsWith(made.key)));

    const again = await carryOut('files.verify', input, { ...made, stillOurs: () => Promise.reject(new Error('it was proved already')) });
    assert.deepEqual(again.outputs, outcome.outputs);
    assert.deepEqual(((await rehearse('files.verify', input, context(at))).outputs as { files: number }).files, 21);
  });

  it('leaves a backup with one corrupted byte unproven, and says so', async () => {
    const pack = execFileSync('find', [join(at.vault.path, 'data'), '-type', 'f', '-size', '+1k'], { encoding: 'utf8' }).split('\n')[0]!;
    const bytes = readFileSync(pack);
    bytes[100] = bytes[100]! ^ 1;
    chmodSync(pack, 0o600);
    writeFileSync(pack, bytes);
    const made = context(at);
    const error = await failure(carryOut('files.verify', input, made));
    assert.deepEqual([error.code, error.remedy], ['backup-corrupt', 'person'], error.message);
    assert.match(error.message, /a-vault is damaged/);
    assert.equal((await failure(typeOf('files.verify').verify(input, made))).code, 'backup-unproven');
    assert.ok(!leftOver().some((name) => name.endsWith(made.key)));
  });

  it('compares by the manifest, not by what restic says: a manifest that names other files proves nothing', async () => {
    // The same files and tags, with a manifest in which one digest is another.
    const forged = context(at);
    const place = `/var/tmp/lifeboat-files-${forged.key}`;
    execFileSync('mkdir', [place]);
    try {
      const [snapshot] = at.snapshots(at.vault);
      const tags = snapshot!.tags!.filter((tag) => !/^(manifest|step)=/.test(tag));
      const listed = execFileSync('restic', ['-r', at.vault.path, '--password-file', join(at.folder, 'key'), 'ls', snapshot!.short_id], {
        encoding: 'utf8',
      });
      const file = /^\/var\/tmp\/lifeboat-files-.*\/manifest$/m.exec(listed)![0];
      const text = at.restic(at.vault, 'dump', snapshot!.short_id, file).replace(/s [0-9a-f]{4}/, 's 0000');
      writeFileSync(join(place, 'manifest'), text);
      writeFileSync(join(place, 'manifest.started'), '');
      const digest = execFileSync('sha256sum', [join(place, 'manifest')], { encoding: 'utf8' }).slice(0, 64);
      const flags = [...tags, `manifest=${digest}`].flatMap((tag) => ['--tag', tag]);
      at.restic(at.vault, 'backup', '--quiet', '--host', 'a-app', ...flags, at.documents, place);
    } finally {
      rmSync(place, { recursive: true });
    }
    const error = await failure(carryOut('files.verify', input, context(at)));
    assert.deepEqual([error.code, error.remedy], ['files-differ', 'person']);
    assert.match(error.message, /documents\/file \d+\.txt|-odd/);
  });

  it('counts files that changed while they were saved as not compared, and the others as proven', async () => {
    const large = join(at.documents, 'aaa large');
    writeFileSync(large, randomBytes(120 * 1024 * 1024));
    const log = join(at.documents, 'log');
    writeFileSync(log, 'first\n');
    let calls = 0;
    const saving = context(at, {
      stillOurs: async () => {
        calls += 1;
        // After the manifest, before the snapshot.
        appendFileSync(log, 'and another line\n');
      },
    });
    await carryOut('files.backup', { host: 'a-app' }, saving);
    assert.ok(calls >= 2);
    const outcome = await carryOut('files.verify', { ...input, store: 'a-files' }, context(at));
    assert.deepEqual([(outcome.outputs as { changed: number }).changed, (outcome.outputs as { files: number }).files], [1, 23]);
    assert.match(outcome.evidence.join(' '), /22 files restored .* 1 files or folders changed while they were saved/);
  });

  it('is killed half way, cleans up, and proves when it is run again', async () => {
    const stop = new AbortController();
    const made = context(at, { signal: stop.signal });
    const going = typeOf('files.verify').execute(input, made);
    await until('the scratch folder', () => leftOver().some((name) => name.endsWith(made.key)), 30_000);
    stop.abort();
    await assert.rejects(going);
    assert.ok(!leftOver().some((name) => name.endsWith(made.key)));
    const outcome = await carryOut('files.verify', input, nextAttempt(made));
    assert.equal((outcome.outputs as { files: number }).files, 21);
  });

  it('proves nothing on the host whose files they are, nor with a wrong key, nor without room', async function () {
    const here = await failure(carryOut('files.verify', { host: 'a-app', snapshot: 'latest' }, context(at)));
    assert.deepEqual([here.code, here.remedy], ['not-elsewhere', 'mistake']);
    const wrong = join(at.folder, 'wrong');
    writeFileSync(wrong, 'hunter2');
    const locked = await failure(
      carryOut('files.verify', input, context(at, at.with({ copies: { 'site-a': { ...at.vault, passwordFile: wrong } } }))),
    );
    assert.deepEqual([locked.code, locked.remedy], ['store-password', 'person']);
    assert.equal((await failure(carryOut('files.verify', { ...input, store: 'b-files' }, context(at)))).code, 'store-missing');
    assert.ok(statSync(at.vault.path).isDirectory());
  });
});
