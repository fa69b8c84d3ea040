import type { Arguments } from './command.ts';
import { usage } from './failure.ts';

/** The one positional, or undefined. Throws a usage failure where there are more. */
export function optional(args: Arguments, command: string): string | undefined {
  if (args.positionals.length > 1)
    throw usage(
      `${command} takes one name, and ${args.positionals.length} were given: ${args.positionals.join(' ')}`,
      `See: lifeboat ${command} --help`,
    );
  return args.positionals[0];
}

/** The one positional. Throws a usage failure where it is absent or not alone. */
export function required(args: Arguments, command: string, what: string): string {
  const name = optional(args, command);
  if (name === undefined || name === '') throw usage(`${command} needs a ${what}.`, `See: lifeboat ${command} --help`);
  return name;
}

export const text = (args: Arguments, option: string): string | undefined => args.values[option] as string | undefined;
export const flag = (args: Arguments, option: string): boolean => args.values[option] === true;
