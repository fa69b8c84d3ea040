import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut, context, failure, rehearse, typeOf } from './estate.ts';
import { stores, type Stores } from './stores.ts';

describe('store.check', () => {
  const input = { host: 'a-app', store: 'a-vault', deletion: 'refused' };
  let at: Stores;
  before(async () => {
    at = stores();
    await carryOut('files.backup', { host: 'a-app' }, context(at));
    await carryOut('files.copy', { host: 'a-app' }, context(at));
  });
  after(() => at.end());

  it('proves that production can delete nothing: it tries, is refused, and what it tried is still there', async () => {
    const before = at.tree(at.folder);
    await typeOf('store.check').preflight(input, context(at));
    assert.equal(at.tree(at.folder), before, 'its preflight changes nothing');
    const made = context(at);
    const outcome = await carryOut('store.check', input, made);
    const { newest, ...outputs } = outcome.outputs as { newest: string };
    assert.deepEqual(outputs, { site: 'site-b', opens: true, snapshots: 1, deletion: 'refused' });
    assert.ok(newest);
    assert.match(outcome.evidence.join(' '), /tried to delete the throw-away snapshot .* 403 Forbidden.* It is still there/);
    assert.equal(at.snapshots(at.vault).length, 2);
    assert.equal(at.snapshots(at.vault).filter(({ tags }) => tags?.includes('throw-away')).length, 1);

    await carryOut('store.check', input, { ...made, stillOurs: () => Promise.reject(new Error('it was tried already')) });
    assert.equal(at.snapshots(at.vault).length, 2);
    assert.match(at.restic(at.vault, 'check'), /no errors were found/, 'the interrupted attempt left no lock');
  });

  it('opens with the key of the other site alone, and there tries no deletion', async () => {
    const before = at.tree(at.folder);
    const away = { ...at.vault, options: ['rclone.program=false'] };
    const outcome = await carryOut(
      'store.check',
      { host: 'b-app', store: 'a-vault', deletion: 'not-tried' },
      context(at, at.with({ copies: { 'site-a': away } })),
    );
    assert.equal((outcome.outputs as { opens: boolean }).opens, true);
    assert.equal(at.tree(at.folder), before);
  });

  it('names a store that lets production delete, and takes nothing but the throw-away snapshot from it', async () => {
    const open = { ...at.vault, options: [], url: at.vault.path };
    const error = await failure(carryOut('store.check', input, context(at, at.with({ copies: { 'site-a': open } }))));
    assert.deepEqual([error.code, error.remedy], ['store-not-protected', 'person']);
    assert.equal(at.snapshots(at.vault).length, 1);
    assert.equal(at.snapshots(at.vault).filter(({ tags }) => tags?.includes('throw-away')).length, 0);
  });

  it('does not take an unreachable store, a wrong key or a lost answer for a refusal', async () => {
    const wrong = join(at.folder, 'wrong');
    writeFileSync(wrong, 'hunter2');
    const tries = (vault: object) =>
      failure(carryOut('store.check', input, context(at, at.with({ copies: { 'site-a': { ...at.vault, ...vault } } }))));
    const away = await tries({ options: ['rclone.program=false'] });
    assert.deepEqual([away.code, away.remedy], ['store-unreachable', 'later']);
    const locked = await tries({ passwordFile: wrong });
    assert.deepEqual([locked.code, locked.remedy], ['store-password', 'person']);
    assert.doesNotMatch(locked.message, /hunter2/);
    const lost = await failure(typeOf('store.check').verify(input, context(at)));
    assert.equal(lost.code, 'store-not-tried');
  });

  it('is no proof on the host that keeps the store, nor at its site', async () => {
    const error = await failure(carryOut('store.check', { ...input, host: 'b-app' }, context(at)));
    assert.deepEqual([error.code, error.remedy], ['same-failure-domain', 'person']);
  });

  it('takes a store that the inventory does not have for a mistake', async () => {
    const error = await failure(typeOf('store.check').preflight({ ...input, store: 'c-vault' }, context(at)));
    assert.deepEqual([error.code, error.remedy], ['no-store', 'mistake']);
  });

  it('proves in a rehearsal that production opens it, and neither adds nor deletes anything', async () => {
    const before = at.snapshots(at.vault).length;
    const calm = context(at, { live: false, stillOurs: () => Promise.reject(new Error('nothing is changed')) });
    const { outputs, evidence } = await rehearse('store.check', input, calm);
    assert.equal((outputs as { deletion: string }).deletion, 'not-tried');
    assert.match(evidence.join(' '), /opens with the key of a-app .* was not tried: the backup tries it/);
    assert.equal(at.snapshots(at.vault).length, before);
    assert.equal((await failure(rehearse('store.check', { ...input, host: 'b-app' }, calm))).code, 'same-failure-domain');
  });
});
