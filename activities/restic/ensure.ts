import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { explain, lastWords } from './explain.ts';
import { opening, openingFrom, passwordFile, type Repository } from './repository.ts';
import { ask } from './restic.ts';

/** The answer to a question, or undefined where there is no repository. Throws where there is one and it cannot be opened. */
export async function ifThere<Answer>(question: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await question;
  } catch (error) {
    if (error instanceof StepError && error.code === 'store-missing') return undefined;
    throw error;
  }
}

/**
 * Makes the repository where there is none. `like`: the one that it takes copies from, so that equal content stays equal.
 * Two that make one repository at once would leave a key that opens nothing: on a host they queue at its password file.
 */
export async function ensure(repository: Repository, context: StepContext, like?: Repository): Promise<void> {
  const opens = () => ifThere(ask(repository, ['cat', 'config'], context));
  if ((await opens()) !== undefined) return;
  const { store, host } = repository;
  if ((await context.backups()).some((backup) => backup.store === store.name)) {
    throw new StepError(
      'store-lost',
      `The store ${store.name} held backups of ${context.system.name}, and now there is no repository at its place on ${store.host.name}: is its disk mounted? No new one is made over it.`,
      'person',
    );
  }
  await context.stillOurs();
  const alike = like ? ['--copy-chunker-params', ...openingFrom(like)] : [];
  const argv = ['flock', '--wait', '60', passwordFile(store), 'restic', ...opening(repository), 'init', ...alike];
  const options = {
    deadline: 90_000,
    signal: context.signal,
    viewpoint: context.viewpoint,
    ...(repository.as === undefined ? {} : { as: repository.as }),
  };
  const answer = await beating(context, run(context.host(host), argv, options));
  if ((await opens()) !== undefined) return;
  const cause = explain(answer, repository);
  if (cause.code !== 'store-missing' && cause.code !== 'restic-failed') throw cause;
  throw new StepError('store-not-made', `No repository could be made in the store ${store.name}: ${lastWords(answer)}`, 'person');
}
