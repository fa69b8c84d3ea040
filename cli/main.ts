#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands } from './commands.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { overview, page } from './help.ts';
import { parse } from './parse.ts';
import { note, paint, plain, say, sayJson } from './print.ts';
import { didYouMean } from './suggest.ts';

process.stdout.on('error', quietly);
process.stderr.on('error', quietly);
end(await main(process.argv.slice(2)));

/** Runs one command and returns its exit code; never throws. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    return complain(error, argv.includes('--json'));
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    note(await overview());
    return exit.usage;
  }
  if (name === '--version' || name === '-V') {
    say(await version());
    return exit.done;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    const about = rest.find((word) => !word.startsWith('-'));
    say(about === undefined ? await overview() : page(await find(about)));
    return exit.done;
  }
  const command = await find(name);
  const before = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (before.includes('--help') || before.includes('-h')) {
    say(page(command));
    return exit.done;
  }
  return await command.run(parse(command, rest));
}

async function find(name: string): ReturnType<NonNullable<(typeof commands)[string]>> {
  const load = commands[name];
  if (load === undefined) {
    const what = name.startsWith('-') ? `The command comes first, and "${name}" is an option.` : `There is no command "${plain(name)}".`;
    throw usage(`${what}${didYouMean(name, Object.keys(commands))}`, 'See: lifeboat --help');
  }
  return await load();
}

function complain(error: unknown, json: boolean): number {
  const message = error instanceof Error ? error.message : String(error);
  const known = error instanceof Failure;
  const code = known ? error.code : exit.fault;
  const fix = known ? error.fix : 'This was not foreseen. LIFEBOAT_DEBUG=1 shows where it happened.';
  if (json) sayJson({ error: { code, message, fix } });
  note(`${paint('red', 'lifeboat:', process.stderr)} ${message.split('\n').map(plain).join('\n  ')}`);
  if (fix !== '') note(fix.replace(/^/gm, '  '));
  if (process.env['LIFEBOAT_DEBUG'] && error instanceof Error) note(error.stack ?? '');
  return code;
}

async function version(): Promise<string> {
  const { packageRoot } = await import('../lab/package-root.ts');
  return (JSON.parse(await readFile(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

/** Ends although a client still holds a connection open; what was printed has left before. */
function end(code: number): void {
  process.stdout.write('', () => process.exit(code));
}

/** The reader of our output went away (`| head`): nothing is wrong, but what was started must still be ended. */
function quietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  if (!process.emit('SIGINT')) process.exit(exit.done);
}
