import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { notRun, tool, type CommandResult } from '../tool/spawn.ts';
import { overSsh } from './ssh.ts';

export type { CommandResult } from '../tool/spawn.ts';

export interface RunOptions {
  /** Milliseconds until it is ended. */
  readonly deadline: number;
  readonly signal?: AbortSignal;
  /** Operating-system user as whom it runs there. Default: the one who logs in, or who runs the worker. */
  readonly as?: string;
  /** What it reads on standard input: secrets and files go this way, never into an argument. */
  readonly input?: string;
  /** The site from whose network the host is reached. Default: as the inventory says for everyone. */
  readonly viewpoint?: string;
  /** How much is kept of each of its outputs, characters. Default 64 Ki; what was cut off is told by `cut`. */
  readonly most?: number;
}

/**
 * Runs an argument vector on a host, within `deadline` milliseconds. What it prints is in English.
 * On this machine no shell reads it; over SSH a far shell does, and gets every word quoted. There a command may go on after its
 * deadline, its cancellation or a lost line: what may take longer than a few seconds is a job (job.ts).
 * @throws StepError `command-silent`, `cancelled`, `command-not-run`, `sudo-refused`, and those of ssh.ts.
 */
export async function run(host: HostFacts, argv: readonly string[], options: RunOptions): Promise<CommandResult> {
  if (!argv[0]) throw new StepError('no-command', `The inventory gives no command to run on ${host.name}.`, 'mistake');
  const result = host.connection === 'ssh' ? await overSsh(host, argv, options) : await here(host, argv, options);
  // Where it is started by a shell, or by a program that acts as somebody else, that one says so.
  const indirect = host.connection === 'ssh' || options.as !== undefined;
  if (indirect && (result.code === 127 || result.code === 126) && /not found|no such file|permission denied/i.test(result.stderr))
    throw notRun(argv[0], host.name, result.stderr.trim().slice(0, 200));
  if (result.code === 1 && result.stderr.startsWith('sudo: ')) {
    throw new StepError(
      'sudo-refused',
      `${argv[0]} may not be run as ${options.as ?? 'another user'} on ${host.name} (${result.stderr.trim().slice(0, 200)}): allow it in sudoers with NOPASSWD.`,
      'person',
    );
  }
  return result;
}

function here(host: HostFacts, argv: readonly string[], options: RunOptions): Promise<CommandResult> {
  const { as, ...rest } = options;
  const facts = { ...rest, where: host.name, name: argv[0]! };
  // The worker's own directory need not be readable for another user.
  return as === undefined ? tool(argv, facts) : tool(actAs(as, argv), { ...facts, cwd: '/' });
}

/** A command with another user's rights on this machine: given up by root, else by sudo, which never asks. */
export function actAs(user: string, argv: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return ['sudo', '-n', '-u', user, '--', ...argv];
  return ['sh', '-c', `exec ${giveUpRoot('"$0"')} "$@"`, user, ...argv];
}

/** What root's shell puts before a command, so that it runs as a user, in that user's surroundings but with this search path. */
export function giveUpRoot(user: string): string {
  return `setpriv --reuid=${user} --regid="$(id -g ${user})" --init-groups --reset-env -- env LC_ALL=C "PATH=$PATH"`;
}
