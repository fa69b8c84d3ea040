import type { Command } from './command.ts';
import { groups } from './commands.ts';
import { common } from './parse.ts';
import { paint, table } from './print.ts';

/** The page of `lifeboat --help`. */
export async function overview(): Promise<string> {
  const lines = ['Usage: lifeboat COMMAND [options]', '', 'Durable disaster-recovery runbooks on Temporal.'];
  const names = Object.values(groups).flatMap((group) => Object.keys(group));
  const width = Math.max(...names.map((name) => name.length));
  for (const [title, group] of Object.entries(groups)) {
    lines.push('', paint('bold', title));
    for (const [name, load] of Object.entries(group)) lines.push(`  ${name.padEnd(width)}  ${(await load()).summary}`);
  }
  lines.push('', 'lifeboat COMMAND --help tells the options of a command.');
  lines.push('Temporal is found by TEMPORAL_ADDRESS and its fellow variables, or by the profile file that the temporal command uses.');
  return lines.join('\n');
}

/** The page of `lifeboat COMMAND --help`. */
export function page(command: Command): string {
  const rows = Object.entries({ ...command.options, ...common }).map(([name, option]) => {
    const short = option.short === undefined ? '' : `-${option.short}, `;
    const value = option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : '';
    return [`  ${short}--${name}${value}`, option.help];
  });
  const usage = `Usage: lifeboat ${command.name} ${command.usage}`.trimEnd();
  return [usage, '', command.summary, '', paint('bold', 'Options'), ...table(rows)].join('\n');
}
