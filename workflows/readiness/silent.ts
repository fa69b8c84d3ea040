import type { Problem } from '../activities.ts';
import type { Look, ReadyAnswer, Survey } from '../wire.ts';

/** The answer of a queue that gave none. `site`: whose it is; absent: the one of all workers. */
export function silent(subject: string, { code, text }: Problem, site?: string): ReadyAnswer {
  const at = site === undefined ? '' : ` at ${site}`;
  const [is, why] =
    code === 'timeout-schedule-to-start'
      ? ['no-worker', `No worker${at} took up the look in time: does one run there, against this Temporal?`]
      : code.startsWith('timeout')
        ? ['unknown', `The worker${at} took up the look and did not end it in time: it vanished, or is too busy.`]
        : [code, `The look${at} failed: ${text}`];
  return { site: site ?? '', folder: null, temporalHere: false, looks: [unanswered(subject, is, why)] };
}

/** What is known where not even the runbooks could be read. */
export function nothing(subject: string, { code, text }: Problem): Survey {
  const looks = [unanswered(subject, code, text)];
  return { ways: [], sites: [], pinned: null, promised: {}, accepted: [], notify: {}, attributes: [], looks };
}

function unanswered(subject: string, code: string, text: string): Look {
  return { subject, answered: false, seen: [], problems: [{ code, weight: 'must', text }] };
}
