import type { Finding, FindingChange, Found } from '../wire.ts';
import type { ReturnRequest } from './requests.ts';

/** Closed findings that are remembered, so that one that comes back is known. */
const closedKept = 50;
/** Of whom the word is where a rehearsal closes a finding or opens it again. */
const retest = 'retest';

/** All findings, once a rehearsal or a look has told what it found and what it tried. Pure. */
export function merged(known: readonly Finding[], { rehearsed, looked, workflowId }: ReturnRequest, at: string): readonly Finding[] {
  const told = rehearsed ?? looked;
  if (told === undefined) return known;
  const runbook = rehearsed?.runbook ?? 'readiness';
  const found = new Map(told.found.map((one) => [idOf(runbook, one), one]));
  const tried = new Set(told.tried);
  const before = known.map((finding) => {
    const again = found.get(finding.id);
    if (again !== undefined) return seenAgain(finding, again, workflowId, at);
    return finding.runbook === runbook && finding.state !== 'closed' && tried.has(finding.subject) ? noMore(finding, at) : finding;
  });
  const ids = new Set(known.map(({ id }) => id));
  const fresh = [...found].filter(([id]) => !ids.has(id)).map(([id, one]) => first(id, runbook, one, workflowId, at));
  return bounded([...before, ...fresh]);
}

/** Those of `now` that are open and were not before. Pure. */
export function opened(before: readonly Finding[], now: readonly Finding[]): readonly Finding[] {
  const open = new Set(before.filter(({ state }) => state === 'open').map(({ id }) => id));
  return now.filter(({ id, state }) => state === 'open' && !open.has(id));
}

/** What somebody says of a finding. Throws where there is none of that id, and where it says what no finding can be. Pure. */
export function changed(known: readonly Finding[], change: FindingChange, at: string): readonly Finding[] {
  const { id, by, owner, due, state } = read(change);
  if (!known.some((finding) => finding.id === id)) throw new Error(`there is no finding "${id}"; lifeboat findings lists those there are`);
  return known.map((finding) => {
    if (finding.id !== id) return finding;
    const word = state === undefined ? finding.word : { by, at, reason: state.reason, until: state.until ?? null };
    return { ...finding, owner: owner ?? finding.owner, due: due ?? finding.due, state: state?.is ?? finding.state, word };
  });
}

const states: readonly Finding['state'][] = ['open', 'accepted', 'closed'];

/** It may have been typed by hand, and a time that is none would fail the workflow task for ever. Times are compared as text. */
function read({ due, state, ...change }: FindingChange): FindingChange {
  const texts = [change.by, change.owner ?? '', state?.reason ?? ''];
  if (texts.some((text) => typeof text !== 'string')) throw new Error('by, owner and reason are texts');
  if (due !== undefined && momentOf(due)?.slice(0, 10) !== due) throw new Error(`due "${due}" is no day such as 2027-01-31`);
  const others = due === undefined ? change : { ...change, due };
  if (state === undefined) return others;
  const { is, reason, until } = state;
  if (!states.includes(is)) throw new Error(`"${is}" is no state of a finding; there are ${states.join(', ')}`);
  const moment = until === undefined ? undefined : momentOf(until);
  if (moment === null) throw new Error(`until "${until}" is no time such as 2027-01-31T12:00:00Z`);
  return { ...others, state: { is, reason: reason ?? '', ...(moment === undefined ? {} : { until: moment }) } };
}

/** As ISO time in UTC; null: it is no time, or of no year of four digits. */
function momentOf(text: unknown): string | null {
  const time = typeof text === 'string' ? Date.parse(text) : NaN;
  const iso = Number.isNaN(time) ? '' : new Date(time).toISOString();
  return /^\d/u.test(iso) ? iso : null;
}

/** A risk is accepted until a date: from then on it is open again. Pure. */
export function lapsed(known: readonly Finding[], at: string): readonly Finding[] {
  if (!known.some((finding) => hasLapsed(finding, at))) return known;
  return known.map((finding) =>
    hasLapsed(finding, at)
      ? { ...finding, state: 'open', word: { by: retest, at, reason: `the risk was accepted until ${finding.word!.until}`, until: null } }
      : finding,
  );
}

function hasLapsed({ state, word }: Finding, at: string): boolean {
  return state === 'accepted' && word?.until != null && word.until <= at;
}

export const idOf = (runbook: string, { subject, code }: Found): string => `${runbook}/${subject}/${code}`;

function first(id: string, runbook: string, found: Found, run: string, at: string): Finding {
  return { ...found, id, runbook, state: 'open', firstSeen: at, lastSeen: at, times: 1, run, owner: null, due: null, word: null };
}

function seenAgain(finding: Finding, found: Found, run: string, at: string): Finding {
  const seen = { ...finding, ...found, lastSeen: at, times: finding.times + 1, run };
  if (finding.state !== 'closed') return seen;
  return { ...seen, state: 'open', word: { by: retest, at, reason: 'it was found again', until: null } };
}

function noMore(finding: Finding, at: string): Finding {
  return { ...finding, state: 'closed', word: { by: retest, at, reason: 'it was tried again, and found no more', until: null } };
}

function bounded(all: readonly Finding[]): readonly Finding[] {
  const closed = all.filter(({ state }) => state === 'closed').toSorted((one, other) => other.lastSeen.localeCompare(one.lastSeen));
  const kept = new Set(closed.slice(0, closedKept));
  return all.filter((finding) => finding.state !== 'closed' || kept.has(finding));
}
