import { z } from 'zod';
import type { Read } from '../words.ts';
import { readDuration, readSize } from '../words.ts';

/** Milliseconds, written in words. */
export function durationField(description: string) {
  return z
    .string()
    .transform(read(readDuration))
    .meta({ description, lifeboat: 'duration', examples: ['30 seconds', '5 minutes'] });
}

/** Bytes, written in words. */
export function sizeField(description: string) {
  return z
    .string()
    .transform(read(readSize))
    .meta({ description, lifeboat: 'size', examples: ['512 bytes', '1 MB'] });
}

/** A name that people choose and other parts of the files refer to. */
export function nameField(description: string) {
  return z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a name has letters, digits, ".", "_" and "-", 63 at the most')
    .describe(description);
}

/** A secret by reference. The file never holds the secret itself. */
export function secretField(description: string) {
  return z
    .string()
    .regex(
      /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+|aws:[A-Za-z0-9][A-Za-z0-9._-]{0,62}:[A-Za-z0-9/_+=.@:-]{1,512}(?:#[^#]+)?)$/,
      'a secret is never written here: refer to it as "env:NAME", "file:PATH" or "aws:SITE:NAME"',
    )
    .meta({ description, lifeboat: 'secret' });
}

export function portField(description: string) {
  return z.int().min(1).max(65535).describe(description);
}

export function urlField(description: string) {
  return z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' }).describe(description);
}

export function textField(description: string) {
  return z.string().min(1, 'must not be empty').describe(description);
}

/** A transform that reads a text by words, and says what is wrong with it and how to write it. */
export function read<T>(reader: (text: string) => Read<T>) {
  return (text: string, context: z.RefinementCtx): T => {
    const result = reader(text);
    if ('value' in result) return result.value;
    context.addIssue({ code: 'custom', message: result.message, params: { fix: result.fix }, input: text });
    return z.NEVER;
  };
}
