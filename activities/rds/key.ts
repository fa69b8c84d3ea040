import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/**
 * ARN of a key that can be used at a site.
 * @throws StepError `aws-key` where it is disabled, being deleted, or unknown there.
 */
export async function usableKey(key: string, site: string, context: StepContext): Promise<string> {
  const kms = await service('kms', site, context);
  const { KeyMetadata } = await kms.describeKey({ KeyId: key });
  if (KeyMetadata?.Arn !== undefined && KeyMetadata.KeyState === 'Enabled') return KeyMetadata.Arn;
  throw new StepError(
    'aws-key',
    `The key ${key} at ${site} (${context.aws(site).region}) is ${KeyMetadata?.KeyState ?? 'unknown'}: enable it, or name another.`,
    'person',
  );
}

/**
 * Throws where a snapshot encrypted with a key of AWS's own is to be given to another account: nobody there can use that key.
 * Source: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/share-encrypted-snapshot.html
 */
export async function mayBeShared(key: string, site: string, context: StepContext): Promise<void> {
  const kms = await service('kms', site, context);
  const { KeyMetadata } = await kms.describeKey({ KeyId: key });
  if (KeyMetadata?.KeyManager !== 'AWS') return;
  throw new StepError(
    'key-not-shared',
    `The snapshot is encrypted with ${key}, a key of AWS's own, which no other account can use: copy it under a key of your own first, and share that copy.`,
    'person',
  );
}
