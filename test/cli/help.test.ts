import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '../../cli/commands.ts';
import type { Command } from '../../cli/command.ts';
import { page } from '../../cli/help.ts';
import { exit } from '../../cli/exit.ts';
import { root } from './call.ts';
import { lifeboat } from './call.ts';

describe('lifeboat --help', () => {
  it('lists every command with its sentence, and loads no package for it', async () => {
    const { called, packages, milliseconds } = await traced(['--help']);
    assert.equal(called.code, exit.done);
    for (const [name, load] of Object.entries(commands)) {
      const command = await load();
      assert.equal(command.name, name);
      assert.match(command.summary, /^[A-Z].*\.$/, `${name}: the summary is a sentence`);
      assert.ok(called.out.includes(`  ${name}`) && called.out.includes(command.summary), `${name} is listed`);
    }
    assert.deepEqual(packages, []);
    console.log(`      (from its sources, with tracing: ${milliseconds} ms)`);
  });

  it('tells the options of each command, and loads no package for it', async () => {
    for (const [name, load] of Object.entries(commands)) {
      const command = await load();
      const text = page(command);
      assert.ok(text.startsWith(`Usage: lifeboat ${name}`), text);
      for (const option of Object.keys(command.options)) assert.ok(text.includes(`--${option}`), `${name} --${option}`);
    }
    const { called, packages } = await traced(['failover', '--help']);
    assert.equal(called.code, exit.done, called.err);
    assert.equal(called.out, `${page((await commands['failover']?.()) as Command)}\n`);
    assert.deepEqual(packages, []);
  });

  it('is also what "help NAME" and "NAME -h" print, and goes to stderr with code 2 where no command was given', async () => {
    const [long, short, help, none] = await Promise.all(
      [['status', '--help'], ['status', '-h'], ['help', 'status'], []].map((args) => lifeboat(args)),
    );
    assert.equal(short?.out, long?.out);
    assert.equal(help?.out, long?.out);
    assert.equal(none?.code, exit.usage);
    assert.equal(none?.out, '');
    assert.match(none?.err ?? '', /^Usage: lifeboat COMMAND/);
  });

  it('is in docs/commands.md for every command and every exit code', async () => {
    const text = await readFile(join(root, 'docs/commands.md'), 'utf8');
    for (const [name, load] of Object.entries(commands)) {
      assert.ok(text.includes(`lifeboat ${name}`), `docs/commands.md does not mention ${name}`);
      // Programs of their own, with a page of their own.
      if (name === 'lab' || name === 'probe') continue;
      for (const option of Object.keys((await load()).options))
        assert.ok(text.includes(`--${option}`), `docs/commands.md does not mention --${option} of ${name}`);
    }
    for (const code of Object.values(exit))
      assert.match(text, new RegExp(`^\\| ${code} \\|`, 'm'), `docs/commands.md does not explain code ${code}`);
  });
});

/** Runs a command and tells which packages it loaded, by the coverage that the engine itself writes. */
async function traced(args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-help-'));
  try {
    const begun = Date.now();
    const called = await lifeboat(args, { NODE_V8_COVERAGE: folder });
    const milliseconds = Date.now() - begun;
    const files = await readdir(folder);
    const loaded = new Set<string>();
    for (const file of files) {
      const { result } = JSON.parse(await readFile(join(folder, file), 'utf8')) as { result: { url: string }[] };
      for (const { url } of result) loaded.add(url);
    }
    assert.ok(
      [...loaded].some((url) => url.endsWith('/cli/main.ts')),
      'the trace is of the command',
    );
    const packages = [...loaded]
      .map((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1])
      .filter((name) => name !== undefined && !tools.includes(name));
    return { called, milliseconds, packages: [...new Set(packages)] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What runs the sources, and is not there in what is built of them. */
const tools = ['tsx', 'esbuild', 'get-tsconfig', 'resolve-pkg-maps'];
