import { job } from '../../host/job.ts';
import { run, type CommandResult } from '../../host/run.ts';
import { beating } from '../../note.ts';
import type { StepContext } from '../../step.ts';
import { explain } from './explain.ts';
import type { Repository } from './repository.ts';

/** Nothing on the console but errors; what the file log holds stays as configured. */
const quiet = ['--log-level-console=off', '--log-level-stderr=error', '--log-timestamp=n'];

/** The argument vector of a command of pgBackRest. */
export function backrest({ config, stanza }: Pick<Repository, 'config' | 'stanza'>, command: string, options: readonly string[]) {
  return ['pgbackrest', command, `--config=${config}`, `--stanza=${stanza}`, ...quiet, ...options];
}

/** A list of many backups, with the rows that were counted around each, is longer than most answers. Bytes. */
const most = 16 * 1024 * 1024;

/** Asks the repository on its own host, as its owner. `within`: milliseconds. Throws what pgBackRest calls an error. */
export async function ask(
  repository: Repository,
  command: string,
  options: readonly string[],
  context: StepContext,
  within = 30_000,
): Promise<string> {
  const argv = backrest(repository, command, [`--repo1-path=${repository.path}`, ...options]);
  const how = { deadline: within, signal: context.signal, viewpoint: context.viewpoint, most, ...as(repository.owner) };
  const answer = await beating(context, run(repository.host, argv, how));
  if (answer.code === 0) return answer.stdout;
  throw explain(answer, command, repository.host.name);
}

/** Long work on the repository's own host, as its owner. The caller MUST read back what came of it: the answer is no proof. */
export function work(
  repository: Repository,
  command: string,
  wanted: { readonly name: string; readonly options: readonly string[]; readonly within: number },
  context: StepContext,
): Promise<CommandResult> {
  const argv = backrest(repository, command, [`--repo1-path=${repository.path}`, ...wanted.options]);
  return job(
    repository.host.name,
    { name: wanted.name, argv, within: wanted.within, ...as(repository.owner) },
    also(repository.host, context),
  );
}

/** The step's context, which also knows a host that its input does not name. */
export function also(host: Repository['host'], context: StepContext): StepContext {
  return { ...context, host: (name) => (name === host.name ? host : context.host(name)) };
}

export function as(owner: string | undefined): { readonly as?: string } {
  return owner === undefined ? {} : { as: owner };
}
