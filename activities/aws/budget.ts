import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsFacts } from '../../plan/plan.ts';
import { takes, type Limit, type Take } from './limits.ts';

/** A call that is about to be made. */
export interface Spending {
  readonly facts: AwsFacts;
  readonly service: string;
  readonly operation: string;
  readonly input?: unknown;
  readonly signal?: AbortSignal;
}

/** Of a bucket, shared by all steps of this process. Times are milliseconds of a clock that never goes back. */
interface Bucket {
  tokens: number;
  filled: number;
  /** The part of it that may be used: halved when AWS throttles, and then slowly restored. */
  part: number;
  throttled: number;
  /** Ends when all who came before have theirs. */
  line: Promise<unknown>;
}

const buckets = new Map<string, Bucket>();
/** What a bucket shrinks to at the least, and how long it takes to be whole again. */
const least = 1 / 32;
const restored = 60_000;

/** Waits until the account's limits for this call, as far as the site may use them, leave room for it; in order of coming. */
export async function spend(call: Spending): Promise<void> {
  // A step may make many calls at once, and all end with it.
  if (call.signal) setMaxListeners(0, call.signal);
  for (const one of takes(call.service, call.operation, call.input))
    await take(bucketOf(call, one), scaled(one.limit, call.facts.apiShare), one.tokens, call.signal);
}

/**
 * AWS has throttled this call: fewer are made for a while. Calls that were on their way together count once. Which of its limits was
 * reached AWS does not say: it is the one of which least is left, and of the others half is held to be left.
 */
export function throttled(call: Spending): void {
  const now = performance.now();
  const all = takes(call.service, call.operation, call.input).map((one) => {
    const [bucket, limit] = [bucketOf(call, one), scaled(one.limit, call.facts.apiShare)];
    refill(bucket, limit, now);
    return { bucket, left: bucket.tokens / limit.burst };
  });
  const [first, ...others] = all.toSorted((one, other) => one.left - other.left);
  if (first === undefined) return;
  const reached = first.bucket;
  reached.tokens = Math.min(reached.tokens, 0);
  if (now - reached.throttled < 500) return;
  reached.part = Math.max(least, reached.part / 2);
  reached.throttled = now;
  for (const { bucket } of others) bucket.tokens = Math.min(bucket.tokens, bucket.tokens / 2);
}

async function take(bucket: Bucket, limit: Limit, tokens: number, signal?: AbortSignal): Promise<void> {
  const before = bucket.line;
  let done = (): void => {};
  bucket.line = Promise.all([before, new Promise<void>((resolve) => (done = resolve))]);
  try {
    await unless(signal, before);
    // More than it ever holds is taken as a debt, which those behind wait out.
    const enough = Math.min(tokens, limit.burst);
    for (;;) {
      signal?.throwIfAborted();
      refill(bucket, limit, performance.now());
      if (bucket.tokens >= enough) break;
      const wait = ((enough - bucket.tokens) / (limit.perSecond * bucket.part)) * 1_000;
      await sleep(Math.min(5_000, Math.max(5, wait * (1 + Math.random() / 10))), undefined, { ...(signal && { signal }) });
    }
    bucket.tokens -= tokens;
  } finally {
    done();
  }
}

function refill(bucket: Bucket, limit: Limit, now: number): void {
  const passed = now - bucket.filled;
  bucket.filled = now;
  bucket.part = Math.min(1, bucket.part + passed / restored);
  bucket.tokens = Math.min(limit.burst, bucket.tokens + (passed / 1_000) * limit.perSecond * bucket.part);
}

function bucketOf({ facts, service }: Spending, { bucket: name, limit }: Take): Bucket {
  const account = facts.account ?? facts.role?.arn ?? facts.profile ?? '';
  // Route 53 has one API for all regions.
  const key = JSON.stringify([facts.endpoint, account, service === 'route53' ? '' : facts.region, service, name]);
  const known = buckets.get(key);
  if (known) return known;
  const full = { tokens: limit.burst * facts.apiShare, filled: performance.now(), part: 1, throttled: -Infinity, line: Promise.resolve() };
  buckets.set(key, full);
  return full;
}

/** At least one: else a call could never be made. */
function scaled({ burst, perSecond }: Limit, share: number): Limit {
  return { burst: Math.max(1, burst * share), perSecond: perSecond * share };
}

/** Settles with the promise, or before it when the signal is aborted. */
function unless(signal: AbortSignal | undefined, promise: Promise<unknown>): Promise<unknown> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    void promise.finally(() => {
      signal.removeEventListener('abort', stop);
      resolve(undefined);
    });
  });
}
