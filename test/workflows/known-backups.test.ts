import assert from 'node:assert/strict';
import type { Backup } from '../../activities/step.ts';
import { learn } from '../../workflows/known-backups.ts';

const backup = (label: string, day: number, proven = false): Backup => ({
  label,
  store: 'a-store',
  holds: 'database',
  kind: 'full',
  at: new Date(Date.UTC(2026, 0, day)).toISOString(),
  bytes: 1_000,
  provenAt: proven ? '2026-02-01T00:00:00.000Z' : null,
  compared: proven ? ['all of it'] : [],
});

describe('what is known of backups', () => {
  it('is what the steps told, newest first', () => {
    const known = learn([], [{ store: 'a-store', holds: 'database', complete: false, backups: [backup('one', 1), backup('two', 2)] }]);
    assert.deepEqual(
      known.map(({ label }) => label),
      ['two', 'one'],
    );
  });

  it('keeps a proof when the tool lists the backup again', () => {
    const known = learn(learn([], [{ store: 'a-store', holds: 'database', complete: false, backups: [backup('one', 1, true)] }]), [
      { store: 'a-store', holds: 'database', complete: true, backups: [backup('one', 1)] },
    ]);
    assert.deepEqual(known, [backup('one', 1, true)]);
  });

  it('forgets what a complete list of its store no longer has, and nothing of another store, nor what else lies there', () => {
    const other = { ...backup('other', 1), store: 'b-store' };
    const files: Backup = { ...backup('files', 1), holds: 'files' };
    const known = learn(
      [backup('one', 1), other, files],
      [{ store: 'a-store', holds: 'database', complete: true, backups: [backup('two', 2)] }],
    );
    assert.deepEqual(
      known.map(({ label }) => label),
      ['two', 'other', 'files'],
    );
  });

  it('is bounded, and holds the last proven one however old it is', () => {
    const many = Array.from({ length: 400 }, (_, day) => backup(`n${day}`, day + 2));
    const known = learn([backup('proven', 1, true)], [{ store: 'a-store', holds: 'database', complete: false, backups: many }]);
    assert.ok(known.length < 50, `${known.length} are remembered`);
    assert.ok(known.some(({ label }) => label === 'proven'));
    assert.equal(known[0]!.label, 'n399');
  });
});
