import type { ConnectionLike } from '@temporalio/client';

/** Written by every run. All of one type, of which a development server takes ten. */
export const attributes = ['LifeboatSystem', 'LifeboatRunbook', 'LifeboatKind', 'LifeboatLive', 'LifeboatState', 'LifeboatSite'] as const;

const keyword = 2;

/** Registers what is missing. A server that does not let us is no obstacle: a run writes only what the server knows. */
export async function registerAttributes(connection: Pick<ConnectionLike, 'operatorService'>, namespace: string): Promise<void> {
  const known = await knownAttributes(connection, namespace);
  const missing = attributes.filter((name) => !known.includes(name));
  if (missing.length === 0) return;
  await connection.operatorService
    .addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])) })
    .catch(() => undefined);
}

/** Those of ours that the server knows as keywords. */
export async function knownAttributes(connection: Pick<ConnectionLike, 'operatorService'>, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return attributes.filter((name) => customAttributes?.[name] === keyword);
}
