import { readFile } from 'node:fs/promises';
import type { Caller } from '../activities/aws/client.ts';
import { StepError } from '../activities/error.ts';
import { named, secretValue } from '../activities/secrets/value.ts';

/** How a secret is referred to, for messages. */
const ways = 'env:NAME, file:PATH or aws:SITE:NAME';

/** Resolves `env:NAME`, `file:PATH`, or `aws:SITE:NAME` with `#FIELD` for a field of a JSON object. Never says what it found. */
export async function secret(reference: string, caller: Pick<Caller, 'aws' | 'run'> & { readonly signal?: AbortSignal }): Promise<string> {
  const [kind, ...rest] = reference.split(':');
  const name = rest.join(':');
  if (kind === 'env') return variable(name);
  if (kind === 'file') return contents(name);
  const [site, ...id] = rest;
  if (kind === 'aws' && site !== undefined && id.length > 0) {
    const { signal = new AbortController().signal } = caller;
    return secretValue(named(id.join(':')), site, { aws: (asked) => caller.aws(asked), run: caller.run, signal });
  }
  throw new StepError('secret-reference', `"${kind}:" is no way to a secret: write ${ways}`, 'mistake');
}

function variable(name: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  throw new StepError('secret-missing', `the worker has no environment variable ${name}: set it where the worker starts`, 'person');
}

async function contents(path: string): Promise<string> {
  return await readFile(path, 'utf8').then(
    (text) => text.replace(/\r?\n$/u, ''),
    (error: NodeJS.ErrnoException) => {
      throw new StepError(
        'secret-missing',
        `the worker cannot read ${path} (${error.code}): put the secret there, readable for the worker`,
        'person',
      );
    },
  );
}
