import { parseArgs } from 'node:util';
import type { Arguments, Command } from './command.ts';
import { usage } from './failure.ts';
import { didYouMean } from './suggest.ts';

/** Options that every command understands. */
export const common: Command['options'] = {
  help: { type: 'boolean', short: 'h', help: 'Shows this help.' },
  json: { type: 'boolean', help: 'Prints the result as JSON.' },
};

/** Reads what follows the command's name. Throws a usage failure that names the option and the fix. */
export function parse(command: Command, argv: readonly string[]): Arguments {
  const options = { ...command.options, ...common };
  const { values, positionals, tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const help = `See: lifeboat ${command.name} --help`;
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined)
      throw usage(`"${token.rawName}" is not an option of ${command.name}.${suggestion(token.name, options)}`, help);
    if (option.type === 'boolean' && token.value !== undefined) throw usage(`${token.rawName} takes no value.`, help);
    if (option.type === 'string') {
      const word = option.value ?? 'VALUE';
      if (token.value === undefined) throw usage(`${token.rawName} needs a value: ${token.rawName} ${word}`, help);
      if (!token.inlineValue && token.value.length > 1 && token.value.startsWith('-'))
        throw usage(
          `${token.rawName} needs a value before ${token.value}.`,
          `Where the value begins with a dash write ${token.rawName}=${token.value}`,
        );
      if (!option.multiple && tokens.some((other) => other.kind === 'option' && other.name === token.name && other.index > token.index))
        throw usage(`${token.rawName} is given twice.`, help);
    }
  }
  return { values, positionals };
}

function suggestion(name: string, options: Command['options']): string {
  return didYouMean(
    `--${name}`,
    Object.keys(options).map((known) => `--${known}`),
  );
}
