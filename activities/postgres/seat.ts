import type { HostFacts, PostgresFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { job, type Job } from '../host/job.ts';
import { run, type CommandResult } from '../host/run.ts';
import type { StepContext } from '../step.ts';
import { memberOf } from './connect.ts';

/** Where a member's data lies, and how commands work on it there: as its owner. */
export interface Seat {
  readonly host: HostFacts;
  readonly facts: PostgresFacts;
  /** The data directory, without a slash at its end. */
  readonly data: string;
  /** Path of one of PostgreSQL's programs there. */
  program(name: string): string;
  /** Runs a short command, whatever its exit code says. */
  try(argv: readonly string[], options?: { readonly input?: string; readonly within?: number }): Promise<CommandResult>;
  /** Runs a short command, and throws where its exit code is not 0. Returns what it printed. */
  do(argv: readonly string[], input?: string): Promise<string>;
  /** Runs a long command as a job, within so many milliseconds. `name` tells the jobs of one step apart. */
  long(name: string, argv: readonly string[], within: number, again?: Job['again']): Promise<CommandResult>;
}

export function seatOf(name: string, context: StepContext): Seat {
  const host = context.host(name);
  const facts = memberOf(host, context.system);
  const as = facts.owner === undefined ? {} : { as: facts.owner };
  const bin = facts.bin[host.site];
  const seat: Seat = {
    host,
    facts,
    data: directory(facts.data[host.site], context.system.name, host.site),
    program: (program) => (bin === undefined ? program : `${bin}/${program}`),
    try: (argv, { input, within = 10_000 } = {}) =>
      run(host, argv, {
        deadline: within,
        signal: context.signal,
        viewpoint: context.viewpoint,
        ...as,
        ...(input === undefined ? {} : { input }),
      }),
    async do(argv, input) {
      const answer = await seat.try(argv, input === undefined ? {} : { input });
      if (answer.code === 0) return answer.stdout;
      throw new StepError(
        'command-failed',
        `\`${argv.slice(0, 2).join(' ')} …\` on ${name} failed: ${said(answer)}`,
        /Permission denied|not permitted/.test(answer.stderr) ? 'person' : 'again',
      );
    },
    long: (title, argv, within, again) =>
      job(name, { name: title, argv, within, ...as, ...(again === undefined ? {} : { again }) }, context),
  };
  return seat;
}

/** The end of what a command complained of, else its exit code. */
export function said(answer: CommandResult): string {
  return answer.stderr.trim().slice(-400) || `exit code ${answer.code}`;
}

/** Folders beside it are made and removed: it MUST be a plain absolute path, with something above it. */
function directory(path: string | undefined, system: string, site: string): string {
  const data = path?.replace(/\/+$/, '');
  if (data !== undefined && /^\/[^/]+\/[^\n]*[^/\n]$/.test(data) && !data.split('/').some((part) => part === '..' || part === '.'))
    return data;
  throw new StepError(
    'no-data-directory',
    data === undefined
      ? `The inventory gives ${system} no \`postgres.data\` at ${site}.`
      : `\`postgres.data\` of ${system} at ${site} must be an absolute path below another directory, not "${path}".`,
    'mistake',
  );
}
