import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '../../activities/host/quote.ts';
import { failure } from './estate.ts';
import { attacks } from './words.ts';

/** Prints its arguments as JSON: what a program was given, whatever it is. */
const tell = [process.execPath, '-e', 'process.stdout.write(JSON.stringify(process.argv.slice(1)))', '--'];

describe('A command line for a far shell', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-quote-'));
  after(() => rmSync(folder, { recursive: true }));

  for (const shell of ['/bin/dash', '/bin/bash', '/usr/bin/zsh', '/bin/busybox'].filter((path) => existsSync(path))) {
    it(`gives a program exactly its words, read by ${shell}`, () => {
      const reader = shell.endsWith('busybox') ? [shell, 'sh'] : [shell];
      for (const words of attacks) {
        const { stdout, stderr } = spawnSync(reader[0]!, [...reader.slice(1), '-c', commandLine([...tell, ...words])], {
          encoding: 'utf8',
          cwd: folder,
        });
        assert.equal(stdout, JSON.stringify(words), stderr);
      }
      assert.equal(existsSync(join(folder, 'TRAP')), false, 'a word was carried out');
    });
  }

  it('runs programs, never what is built into the shell', () => {
    const said = spawnSync('/bin/sh', ['-c', commandLine(['eval', 'touch TRAP'])], { cwd: folder, encoding: 'utf8' });
    assert.equal(said.status, 127);
    assert.equal(existsSync(join(folder, 'TRAP')), false);
  });

  it('sends plain words as they are: a device with its own command line understands them', () => {
    assert.equal(commandLine(['cut', 'a-db']), 'cut a-db');
    assert.equal(commandLine(['systemctl', 'is-enabled', 'orders-db.service']), 'systemctl is-enabled orders-db.service');
    assert.equal(commandLine(['echo', 'a b']), "exec echo 'a b'");
  });

  it('refuses what no program can be given, and a program that looks like an option', async () => {
    const refused = async (argv: readonly string[]) => (await failure((async () => commandLine(argv))())).code;
    assert.equal(await refused(['echo', 'a\0b']), 'nul-in-argument');
    assert.equal(await refused(['-x']), 'dash-program');
    assert.equal(await refused(['']), 'no-command');
    assert.equal(await refused(['echo', 'x'.repeat(200_000)]), 'command-too-long');
    assert.equal(await refused(['echo', "'".repeat(40_000)]), 'command-too-long');
  });
});
