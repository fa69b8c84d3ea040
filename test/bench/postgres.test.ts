import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installed, programOf } from '../../bench/postgres/installed.ts';
import { Missing } from '../../bench/postgres/peer.ts';
import { workingIn } from '../../bench/postgres/processes.ts';
import { failOver, switchOver } from '../../bench/postgres/round.ts';
import { shell } from '../../bench/postgres/shell.ts';

describe('a round of the benchmark of PostgreSQL', () => {
  before(function () {
    try {
      installed();
    } catch (error) {
      console.log(`      SKIPPED: ${(error as Error).message}`);
      this.skip();
    }
  });

  it('counts from the kill to the first write at the other site, and leaves nothing behind', async () => {
    const before = folders();
    let running = 0;
    const { firstWrite, detected } = await failOver(
      {
        ...shell,
        async up(folder, mode) {
          const standing = await shell.up(folder, mode);
          running = workingIn(folder).length;
          return standing;
        },
      },
      'told',
      'machine',
    );
    assert.ok(firstWrite > 0 && firstWrite < 10_000, `${firstWrite} ms`);
    assert.equal(detected, null);
    assert.ok(running > 5, `${running} processes of the pair`);
    assert.deepEqual(
      folders().filter((name) => !before.includes(name)),
      [],
    );
    assert.deepEqual(workingIn(join(tmpdir(), 'lifeboat-bench-')), []);
  });

  it('fails where nobody promotes, with what the command said', async () => {
    const refuses = {
      ...shell,
      up: async (folder: string, mode: 'told') => ({ ...(await shell.up(folder, mode)), tell: () => Promise.reject(new Error('refused')) }),
    };
    await assert.rejects(failOver(refuses as typeof shell, 'told', 'server'), /refused/u);
  });

  it('finds the rows that a switchover lost', async () => {
    const forgets = {
      ...shell,
      async up(folder: string, mode: 'planned') {
        const standing = await shell.up(folder, mode);
        // Kills instead of stopping: what the standby does not have yet is gone.
        return { ...standing, tell: () => standing.kill('server').then(() => standing.promote()) };
      },
    };
    void forgets;
    const { lost, gap, acknowledged } = await switchOver(shell);
    assert.deepEqual([lost, gap > 0, acknowledged > 100], [0, true, true]);
  });

  it('names the package of a program that is not there', () => {
    assert.throws(
      () => programOf('no-such-program', 'some-package'),
      (error) => error instanceof Missing && /apt-get install some-package/u.test(error.message),
    );
  });
});

const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('lifeboat-bench-'));
