import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import { tool, type CommandResult } from './spawn.ts';

export interface OwnToolOptions {
  readonly ask: Asker;
  /** Milliseconds until it is ended. */
  readonly within: number;
  readonly input?: string;
  /** Added to its environment. MUST NOT hold secrets. */
  readonly env?: { readonly [name: string]: string };
  /** A secret that is cut out of what it says. */
  readonly hide?: string | undefined;
}

/**
 * Runs a program of the worker's own machine.
 * @throws StepError `tool-missing` where it is not installed, and those of spawn.ts.
 */
export async function ownTool(argv: readonly string[], options: OwnToolOptions): Promise<CommandResult> {
  const { ask, within, input, env, hide } = options;
  const answer = await tool(argv, {
    deadline: within,
    where: "the worker's machine",
    ...(ask.signal && { signal: ask.signal }),
    ...(input === undefined ? {} : { input }),
    ...(env === undefined ? {} : { env }),
  }).catch((error: unknown) => {
    throw error instanceof StepError && error.code === 'command-not-run' ? missing(argv[0] ?? '') : error;
  });
  const clean = (text: string): string => (hide ? text.replaceAll(hide, '…') : text);
  return { ...answer, stdout: clean(answer.stdout), stderr: clean(answer.stderr) };
}

const packages: { readonly [program: string]: string } = { nsupdate: 'bind9-dnsutils' };

function missing(program: string): StepError {
  const from = packages[program] ?? (program.startsWith('fence_') ? 'fence-agents' : program);
  return new StepError(
    'tool-missing',
    `${program} is not installed on the worker's machine, or may not be run: install it (Debian package ${from}), or correct its name.`,
    'mistake',
  );
}
