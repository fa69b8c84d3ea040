import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { limited } from '../limit.ts';

/** How long a health check waits for an answer, milliseconds: four seconds to connect and two to be answered. */
const patience = 6_000;

/** Where a health check reads an object, unless it is told. */
export function urlOf(
  { site, bucket, key, url }: { readonly site: string; readonly bucket: string; readonly key: string; readonly url?: string | undefined },
  context: StepContext,
): string {
  if (url !== undefined) return url;
  const { region, endpoint } = context.aws(site);
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return endpoint === undefined ? `https://${bucket}.s3.${region}.${suffix}/${key}` : `${endpoint.replace(/\/$/u, '')}/${bucket}/${key}`;
}

/**
 * Whether a health check of Route 53 would find it healthy: 2xx or 3xx, without credentials.
 * Source: docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html.
 */
export async function asChecked(url: string, context: StepContext): Promise<boolean> {
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: limited(context.signal, patience) });
    await answer.body?.cancel();
    return answer.status >= 200 && answer.status < 400;
  } catch (error) {
    context.signal.throwIfAborted();
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new StepError('switch-unread', `${url} cannot be read from here: ${why}`);
  }
}
