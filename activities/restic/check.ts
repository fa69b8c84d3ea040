import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { explain, lastWords } from './explain.ts';
import type { Repository } from './repository.ts';
import { restic } from './restic.ts';

/** Reads every byte of a repository and holds it against its checksums. `subset`: a part only, such as `5%`. Throws where one is wrong. */
export async function checkData(
  repository: Repository,
  options: { readonly within: number; readonly subset?: string },
  context: StepContext,
): Promise<string> {
  const read = options.subset === undefined ? '--read-data' : `--read-data-subset=${options.subset}`;
  const answer = await restic(repository, ['check', read], context, { long: { name: 'check', within: options.within } });
  const said = `${answer.stdout}\n${answer.stderr}`;
  // Its exit code has been wrong before: it must also say so.
  if (answer.code === 0 && /no errors were found/.test(said))
    return `restic read ${options.subset ?? 'all'} of the data in ${repository.store.name} and found no error.`;
  const cause = explain(answer, repository);
  if (answer.code !== 0 && /^(?:store-|disk-)/.test(cause.code)) throw cause;
  throw new StepError('backup-corrupt', `The store ${repository.store.name} is damaged: ${lastWords(answer)}`, 'person');
}
