import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backup } from '../../activities/step.ts';
import { carryOut, context, failure, typeOf } from './estate.ts';
import { stores, type Stores } from './stores.ts';

describe('files.expire', () => {
  const input = { host: 'a-app', store: 'a-files', keep: 2 };
  let at: Stores;
  let all: readonly Backup[];
  beforeEach(async () => {
    at = stores();
    for (let index = 0; index < 4; index += 1)
      all = (await carryOut('files.backup', { host: 'a-app' }, context(at))).backups?.[0]?.backups ?? [];
  });
  afterEach(() => at.end());
  const left = () => at.snapshots(at.files).map(({ short_id }) => short_id);
  const labels = (...places: number[]) => places.map((place) => all[place]?.label);

  it('keeps the newest, takes the others away by name, and says what is left', async () => {
    const before = at.tree(at.folder);
    assert.match(
      (await typeOf('files.expire').preflight(input, context(at))).join(' '),
      /holds 4 snapshots of the files, of which 2 may go/,
    );
    assert.equal(at.tree(at.folder), before);
    const made = context(at, { backups: all });
    const outcome = await carryOut('files.expire', input, made);
    assert.deepEqual(left(), labels(2, 3));
    assert.deepEqual(outcome.outputs, { kept: 2, oldest: all[2]?.at });
    assert.deepEqual(
      outcome.backups?.[0]?.backups.map(({ label }) => label),
      labels(2, 3),
    );
    await carryOut('files.expire', input, made);
    assert.deepEqual(left(), labels(2, 3));
    assert.match(at.restic(at.files, 'check', '--read-data'), /no errors were found/);
  });

  it('never takes the last proven one, nor the one that a proven copy was made of', async () => {
    const proven = (backup: Backup, store: string): Backup => ({
      ...backup,
      store,
      label: backup.label,
      provenAt: backup.at,
      compared: ['x'],
    });
    await carryOut('files.expire', { ...input, keep: 1 }, context(at, { backups: [...all, proven(all[0]!, 'a-vault')] }));
    assert.deepEqual(left(), labels(0, 3));
    const backups = [proven(all[0]!, 'a-files'), all[3]!];
    await carryOut('files.expire', { ...input, keep: 1 }, context(at, { backups }));
    assert.deepEqual(left(), labels(0, 3));
  });

  it('takes nothing of another system away', async () => {
    const other = { system: { ...at.system, name: 'billing' } };
    await carryOut('files.backup', { host: 'a-app' }, context(at, other));
    await carryOut('files.expire', { ...input, keep: 1 }, context(at));
    assert.equal(at.snapshots(at.files).filter(({ tags }) => tags?.includes('system=billing')).length, 1);
  });

  it('takes nothing once the run no longer runs, and is refused by a store that only grows', async () => {
    const late = context(at, { stillOurs: () => Promise.reject(new Error('lent to another run')) });
    await assert.rejects(typeOf('files.expire').execute(input, late), /lent to another run/);
    assert.equal(left().length, 4);
    const wrong = join(at.folder, 'wrong');
    writeFileSync(wrong, 'hunter2');
    const locked = at.with({ stores: { 'site-a': { ...at.files, passwordFile: wrong } } });
    assert.equal((await failure(carryOut('files.expire', input, context(at, locked)))).code, 'store-password');
    const away = at.with({ stores: { 'site-a': { ...at.vault, name: 'a-files', options: ['rclone.program=false'] } } });
    assert.equal((await failure(carryOut('files.expire', input, context(at, away)))).code, 'store-unreachable');
  });
});
