import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { installed, programOf } from '../../bench/postgres/installed.ts';
import { Missing, type Mode } from '../../bench/postgres/peer.ts';
import { workingIn } from '../../bench/postgres/processes.ts';
import { failOver, switchOver } from '../../bench/postgres/round.ts';
import { shell } from '../../bench/postgres/shell.ts';
import { sql } from '../../bench/postgres/sql.ts';

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
    let place = '';
    const { firstWrite, detected } = await failOver(
      {
        ...shell,
        async up(folder, mode) {
          const standing = await shell.up(folder, mode);
          place = folder;
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
    assert.deepEqual(workingIn(place), []);
  });

  it('fails where nobody promotes, with what the command said', async () => {
    const refuses = {
      ...shell,
      up: async (folder: string, mode: Mode) => ({ ...(await shell.up(folder, mode)), tell: () => Promise.reject(new Error('refused')) }),
    };
    await assert.rejects(failOver(refuses, 'told', 'server'), /refused/u);
  });

  it('loses nothing by a clean switchover, and finds what one lost', async () => {
    const kept = await switchOver(shell);
    assert.deepEqual([kept.lost, kept.gap > 0, kept.acknowledged > 100], [0, true, true]);
    const { lost } = await switchOver({
      ...shell,
      async up(folder, mode) {
        const standing = await shell.up(folder, mode);
        const at = { ...standing.login, port: standing.hosts[1]!.port };
        const forget = async (): Promise<void> => {
          await standing.tell();
          await sql(at, [`delete from judge where id in ('judge-0-1', 'judge-0-2')`]);
        };
        return { ...standing, tell: forget };
      },
    });
    assert.equal(lost, 2);
  });

  it('names the package of a program that is not there', () => {
    assert.throws(
      () => programOf('no-such-program', 'some-package'),
      (error) => error instanceof Missing && /apt-get install some-package/u.test(error.message),
    );
  });
});

const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('lifeboat-bench-'));
