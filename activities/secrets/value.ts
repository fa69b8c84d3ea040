import { service, type Caller } from '../aws/client.ts';
import { StepError } from '../error.ts';

/** A secret of AWS Secrets Manager: by name or ARN; `field` of a JSON object in it. */
export interface Named {
  readonly id: string;
  readonly field?: string;
}

/** `prod/db#password` is the field `password` of the secret `prod/db`. */
export function named(text: string): Named {
  const [id = '', field] = text.split('#', 2);
  return { id, ...(field === undefined ? {} : { field }) };
}

/**
 * What a secret holds now. It MUST NOT reach an output, an error, evidence or a log.
 * @throws StepError `secret-missing`, which does not say what it found.
 */
export async function secretValue({ id, field }: Named, site: string, caller: Caller): Promise<string> {
  const { SecretString: text } = await (await service('secrets', site, caller)).getSecretValue({ SecretId: id });
  if (text === undefined) throw new StepError('secret-missing', `the secret ${id} at ${site} holds no text`, 'person');
  if (field === undefined) return text;
  const value = fieldOf(text, field);
  if (value !== undefined) return value;
  throw new StepError('secret-missing', `the secret ${id} at ${site} is no JSON object with a text "${field}"`, 'person');
}

function fieldOf(text: string, field: string): string | undefined {
  try {
    const object = JSON.parse(text) as { readonly [field: string]: unknown } | null;
    const value = typeof object === 'object' && object !== null && Object.hasOwn(object, field) ? object[field] : undefined;
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
  } catch {
    return undefined;
  }
}
