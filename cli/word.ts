import { flag, text } from './arguments.ts';
import type { Arguments, Command } from './command.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { runbooksOption, runbooksPath } from './folder.ts';
import { paint, plain, say, sayJson } from './print.ts';
import { asOption, who } from './who.ts';

export const wordOptions: Command['options'] = {
  all: { type: 'boolean', help: 'Every system that Temporal knows, and every one of the runbooks folder.' },
  reason: { type: 'string', value: 'TEXT', help: 'Why; it is kept with who said it.' },
  ...asOption,
  ...runbooksOption,
};

/** One word to the workflows that stand for systems: its signal, and what is then true of each. */
export interface SystemWord {
  readonly command: string;
  readonly signal: 'Stop new effects' | 'Allow effects again' | 'Lift the pause';
  /** It is said to systems of which nothing was ever run, too. */
  readonly first: boolean;
  readonly needsReason: boolean;
  /** Of the state: whether it has been heard. */
  heard(state: { readonly stopped?: unknown; readonly rest?: unknown }): boolean;
  readonly said: string;
}

/** Sends it to the systems that are named or to all, and waits until each has heard it. Returns the exit code. */
export async function sayTo(args: Arguments, word: SystemWord): Promise<number> {
  const names = args.positionals;
  if ((names.length === 0) === !flag(args, 'all'))
    throw usage(
      `${word.command} needs systems, or --all.`,
      `lifeboat ${word.command} SYSTEM… --reason "…", or lifeboat ${word.command} --all --reason "…"`,
    );
  const reason = text(args, 'reason')?.trim() ?? '';
  if (word.needsReason && reason === '')
    throw usage(
      `${word.command} needs a reason; everybody who is kept waiting reads it.`,
      `lifeboat ${word.command} ${names.join(' ') || '--all'} --reason "…"`,
    );
  const by = who(args);
  const [{ connect }, { sendWord }] = await Promise.all([import('./connect.ts'), import('./send-word.ts')]);
  const temporal = await connect(by, runbooksPath(args));
  try {
    const input = { by, reason: reason || 'no reason was given' };
    const results = await sendWord(temporal, names, runbooksPath(args), input, word);
    if (flag(args, 'json')) sayJson(results);
    else
      for (const { system, heard } of results)
        say(heard ? `${plain(system)}: ${word.said}` : paint('red', `${plain(system)}: sent, and not heard yet: no worker may be alive.`));
    return results.every(({ heard }) => heard) ? exit.done : exit.unreachable;
  } finally {
    await temporal.close();
  }
}
