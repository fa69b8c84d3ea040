import { createInterface } from 'node:readline/promises';
import type { Mode } from '../plan/plan.ts';
import { causes } from '../workflows/wire.ts';
import { optional, text } from './arguments.ts';
import type { Arguments, Command } from './command.ts';
import { usage } from './failure.ts';
import { plain } from './print.ts';
import { didYouMean } from './suggest.ts';

export const causeOption: Command['options'] = {
  cause: { type: 'string', value: 'CAUSE', help: `Why, for the gate and the record: ${causes.join(', ')}.` },
};

/**
 * Why a failover is done: as given, else asked where a person sits at the terminal and the source is given up.
 * Corruption is refused, for replication has carried it to the other site.
 */
export async function causeOf(args: Arguments, mode: Mode): Promise<{ cause?: string }> {
  const given = text(args, 'cause') ?? (mode === 'unplanned' ? await asked() : undefined);
  if (given === undefined) return {};
  if (!(causes as readonly string[]).includes(given))
    throw usage(`"${plain(given)}" is no cause.${didYouMean(given, causes)}`, `One of: ${causes.join(', ')}`);
  if (given === 'corruption') {
    const system = plain(optional(args, 'failover') ?? 'SYSTEM');
    throw usage(
      `Corruption is not failed over: replication has copied it, and ${system} would serve the same damage at its other site.`,
      `Restore it to a point before the damage: lifeboat restore ${system}`,
    );
  }
  return { cause: given };
}

async function asked(): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`What happened? (${causes.join(', ')}; Enter: not known) `);
    return answer.trim() === '' ? undefined : answer.trim();
  } finally {
    terminal.close();
  }
}
