import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut, context, failure, typeOf } from './estate.ts';
import { stores, type Stores } from './stores.ts';

describe('files.copy', () => {
  const input = { host: 'a-app', snapshot: 'latest' };
  let at: Stores;
  beforeEach(async () => {
    at = stores();
    await carryOut('files.backup', { host: 'a-app' }, context(at));
  });
  afterEach(() => at.end());

  it('brings a snapshot into a store that can only be added to, once however often it is run', async () => {
    const [origin] = at.snapshots(at.files);
    const before = at.tree(at.folder);
    assert.match((await typeOf('files.copy').preflight(input, context(at))).join(' '), /no repository in the store a-vault at site-b yet/);
    assert.equal(at.tree(at.folder), before);

    const made = context(at);
    const outcome = await carryOut('files.copy', input, made);
    const [copy, ...more] = at.snapshots(at.vault);
    assert.deepEqual(more, []);
    assert.equal(copy?.time, origin?.time);
    assert.deepEqual(outcome.outputs, {
      snapshot: copy?.short_id,
      store: 'a-vault',
      site: 'site-b',
      at: new Date(origin!.time).toISOString(),
    });
    assert.deepEqual(
      outcome.backups?.map(({ store, backups }) => [store, backups.map(({ label, provenAt }) => [label, provenAt])]),
      [['a-vault', [[copy?.short_id, null]]]],
    );

    await carryOut('files.copy', input, { ...made, stillOurs: () => Promise.reject(new Error('run twice it copies once')) });
    await carryOut('files.copy', input, context(at));
    assert.equal(at.snapshots(at.vault).length, 1);
    assert.match(at.restic(at.vault, 'check', '--read-data'), /no errors were found/);
  });

  it('copies nothing once the run no longer runs', async () => {
    const before = at.tree(at.folder);
    const late = context(at, { stillOurs: () => Promise.reject(new Error('lent to another run')) });
    await assert.rejects(typeOf('files.copy').execute(input, late), /lent to another run/);
    assert.equal(at.tree(at.folder), before);
  });

  it('tells a vault that cannot be reached from one whose key is wrong', async () => {
    await carryOut('files.copy', input, context(at));
    const wrong = join(at.folder, 'wrong');
    writeFileSync(wrong, 'hunter2');
    const away = at.with({ copies: { 'site-a': { ...at.vault, options: ['rclone.program=false'] } } });
    const locked = at.with({ copies: { 'site-a': { ...at.vault, passwordFile: wrong } } });
    for (const [options, expected] of [
      [away, ['store-unreachable', 'later']],
      [locked, ['store-password', 'person']],
    ] as const) {
      const error = await failure(carryOut('files.copy', input, context(at, options)));
      assert.deepEqual([error.code, error.remedy], expected, error.message);
      assert.doesNotMatch(error.message, /hunter2/);
    }
  });

  it('is no copy at the same site, and none of a snapshot that is not there', async () => {
    const here = at.with({ copies: { 'site-a': { ...at.vault, site: 'site-a' } } });
    assert.equal((await failure(typeOf('files.copy').preflight(input, context(at, here)))).code, 'same-failure-domain');
    const error = await failure(carryOut('files.copy', { ...input, snapshot: '2020-01-01T00:00:00Z' }, context(at)));
    assert.deepEqual([error.code, error.remedy], ['snapshot-missing', 'person']);
  });
});
