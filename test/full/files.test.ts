import assert from 'node:assert/strict';
import { run } from '../../activities/host/run.ts';
import { keyFile, secretFile } from '../../lab/full/full-lab.ts';
import { carryOut, context, failure, typeOf, until, type Options } from '../activities/estate.ts';
import { fullEstate, type FullEstate } from '../activities/full.ts';
import { nextAttempt } from '../activities/stores.ts';
import { needsFullLab } from './can-stand.ts';

describe('Files on the full lab', function () {
  this.timeout(180_000);
  const vault = 'b-vault';
  let at: FullEstate;
  before(async function () {
    needsFullLab(this);
    at = await fullEstate();
  });
  after(async () => at?.end());
  afterEach(async () => {
    await at?.heal();
  });
  // As the workers see it: each host from its own site.
  const from = (viewpoint: string, options: Options = {}) => context(at, { viewpoint, ...options });

  it('are saved, copied out of reach of production, and proven at the other site', async () => {
    const saved = await carryOut('files.backup', { host: 'a-app' }, from('site-a'));
    assert.equal((saved.outputs as { files: number }).files, 48);
    const copied = await carryOut('files.copy', { host: 'a-app' }, from('site-a'));
    assert.equal((copied.outputs as { store: string }).store, vault);
    const checked = await carryOut('store.check', { host: 'a-app', store: vault }, from('site-a'));
    assert.match(checked.evidence.join(' '), /403 Forbidden.*It is still there/);
    const keyed = await carryOut('store.check', { host: 'b-app', store: vault, deletion: 'not-tried' }, from('site-b'));
    assert.equal((keyed.outputs as { snapshots: number }).snapshots, 1);
    const proven = await carryOut('files.verify', { host: 'b-app' }, from('site-b'));
    const [backup] = proven.backups?.[0]?.backups ?? [];
    assert.deepEqual([backup?.store, backup?.label], [vault, (copied.outputs as { snapshot: string }).snapshot]);
    assert.ok(backup?.provenAt);
    assert.match((await at.inside('b-app', ['ls', '-a', '/var/tmp'])).replace(/\s+/g, ' '), /^(?!.*lifeboat)/);
  });

  it('are copied once although the link between the sites is cut half way', async () => {
    await at.inside('a-app', ['sh', '-c', 'head -c 60000000 /dev/urandom > /srv/orders/documents/large']);
    const saved = await carryOut('files.backup', { host: 'a-app' }, from('site-a'));
    const packs = async () => (await at.inside('b-app', ['find', '/srv/vault/orders/data', '-type', 'f'])).split('\n').length;
    const before = await packs();
    await at.fault('thin', 'site-b', '20000');
    const made = from('site-a');
    const copying = carryOut('files.copy', { host: 'a-app' }, made).then(
      () => 'copied',
      (error: { code?: string }) => error.code,
    );
    await until('data to arrive', async () => (await packs()) > before, 60_000);
    await at.fault('cut-between');
    const stood = await packs();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.ok((await packs()) - stood <= 1, 'nothing arrives while the link is cut');
    await at.heal();
    const ended = await copying;
    assert.ok(ended === 'copied' || ended === 'store-unreachable' || ended === 'restic-failed' || ended === 'store-locked', ended);
    const outcome = await carryOut('files.copy', { host: 'a-app' }, nextAttempt(made));
    const copies = outcome.backups?.[0]?.backups.filter(({ at: time }) => time === (saved.outputs as { at: string }).at);
    assert.equal(copies?.length, 1);
    await carryOut('files.verify', { host: 'b-app' }, from('site-b'));
  });

  it('bring a host back onto a blank disk, with keys that the worker has, from the copy at the other site', async () => {
    const sums = async () =>
      at.inside('a-app', ['sh', '-c', 'cd /srv/orders/documents && find . -type f -print0 | sort -z | xargs -0 sha256sum']);
    const before = await sums();
    await at.fault('disk-lost', 'a-app');
    await at.fault('power', 'a-app', 'on');
    await until(
      'a-app to answer',
      () =>
        run(at.hosts['a-app']!, ['true'], { deadline: 3_000 }).then(
          ({ code }) => code === 0,
          () => false,
        ),
      30_000,
    );
    const keys = [
      { file: '/etc/lifeboat/vault.key', secret: `file:${secretFile(at.lab, 'restic-vault')}` },
      { file: '/etc/lifeboat/vault_ed25519', secret: `file:${keyFile(at.lab, 'vault-a')}` },
    ];
    const input = { host: 'a-app', store: vault, blank: ['/srv/orders/documents'], keys };
    const made = from('site-a');
    assert.match((await typeOf('host.rebuild').preflight(input, made)).join(' '), /whose disk is blank/);
    const { evidence } = await carryOut('host.rebuild', input, made);
    assert.match(evidence.join(' '), /restored onto a-app are as the manifest/);
    assert.equal(await sums(), before);
    const again = await failure(typeOf('host.rebuild').execute(input, from('site-a')));
    assert.equal(again.code, 'disk-not-blank');
  });
});
