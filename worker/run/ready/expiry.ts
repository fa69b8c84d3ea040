import type { Answer } from './ask.ts';
import { span } from './span.ts';

/** From so long before its end, milliseconds, it is told that something expires. */
const ahead = 30 * 86_400_000;

/** What is to be said of something that is good until a time. `what`: `The certificate of …`. Pure but for the clock. */
export function expiry(what: string, until: Date): Answer {
  const left = until.getTime() - Date.now();
  const on = until.toISOString().slice(0, 10);
  if (left <= 0) return { problems: [{ code: 'expired', weight: 'must', text: `${what} expired on ${on}: renew it.` }] };
  const seen = [`${what} is good until ${on}.`];
  if (left > ahead) return { seen };
  return { seen, problems: [{ code: 'expires-soon', weight: 'should', text: `${what} expires in ${span(left)}, on ${on}: renew it.` }] };
}
