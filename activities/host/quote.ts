import { StepError } from '../error.ts';

/** A single argument of a Linux program holds 128 KiB, and the far shell gets the command as one. */
const longest = 100_000;
const plain = /^[A-Za-z0-9_@:,./+-]+$/;

/**
 * An argument vector as the one line that a POSIX shell turns back into exactly that vector.
 * Words that no shell reads otherwise are sent as they are, so that a device with a command line of its own understands them too;
 * as soon as one word is not plain, all that is special is quoted, and `exec` keeps builtins and reserved words out of it.
 * @throws StepError `nul-in-argument`, `dash-program`, `command-too-long`, `no-command`.
 */
export function commandLine(argv: readonly string[]): string {
  const [program = ''] = argv;
  if (program === '') throw new StepError('no-command', 'There is no command to run.', 'mistake');
  if (program.startsWith('-'))
    throw new StepError('dash-program', `A command begins with its program, not with an option: "${program.slice(0, 40)}".`, 'mistake');
  const line = argv.every((word) => plain.test(word)) ? argv.join(' ') : `exec ${argv.map(quote).join(' ')}`;
  if (Buffer.byteLength(line) > longest)
    throw new StepError('command-too-long', `A command of ${line.length} characters is too long: send data on standard input.`, 'mistake');
  return line;
}

/** One word, so that a POSIX shell reads back exactly it. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new StepError('nul-in-argument', 'An argument holds a NUL, which no program can be given.', 'mistake');
  return plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
