import { hostname, userInfo } from 'node:os';
import type { Arguments, Command } from './command.ts';
import { usage } from './failure.ts';

export const asOption: Command['options'] = {
  as: { type: 'string', value: 'NAME', help: 'Who you are, for the record. Default: LIFEBOAT_AS, else your login and host.' },
};

/** The name under which this person acts: `--as`, else LIFEBOAT_AS, else `user@host`. */
export function who(args: Arguments): string {
  const name = (args.values['as'] as string | undefined) ?? process.env['LIFEBOAT_AS'] ?? `${login()}@${hostname()}`;
  if (name.trim() === '') throw usage('The name to act as is empty.', 'Give one with --as NAME.');
  return name.trim();
}

function login(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no account has.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
