import { readFile } from 'node:fs/promises';
import { StepError } from '../activities/error.ts';

/** Resolves `env:NAME` or `file:PATH`. Never says what it found. */
export async function secret(reference: string): Promise<string> {
  const [kind, ...rest] = reference.split(':');
  const name = rest.join(':');
  if (kind === 'env') {
    const value = process.env[name];
    if (value === undefined)
      throw new StepError('secret-missing', `the worker has no environment variable ${name}: set it where the worker starts`, 'person');
    return value;
  }
  if (kind === 'file') {
    return await readFile(name, 'utf8').then(
      (text) => text.replace(/\r?\n$/u, ''),
      (error: NodeJS.ErrnoException) => {
        throw new StepError(
          'secret-missing',
          `the worker cannot read ${name} (${error.code}): put the secret there, readable for the worker`,
          'person',
        );
      },
    );
  }
  throw new StepError('secret-reference', `"${kind}:" is no way to a secret: write env:NAME or file:PATH`, 'mistake');
}
