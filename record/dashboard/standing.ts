import type { Provable, Summary } from '../../workflows/wire.ts';
import { counted, duration } from '../words.ts';

export type Tone = 'bad' | 'mixed' | 'good';

/** How long ago something was proven, beside what is promised. Times are milliseconds. */
export interface Age {
  readonly what: Provable;
  /** Null: never. */
  readonly age: number | null;
  /** Null: nothing is promised. */
  readonly promised: number | null;
  readonly late: boolean;
}

export interface Worry {
  readonly tone: Tone;
  readonly text: string;
}

/** How a system stands, as somebody who was not there must see it at once. */
export interface Standing {
  readonly system: string;
  /** Null: Temporal knows nothing of it. */
  readonly summary: Summary | null;
  readonly tone: Tone;
  /** What is wrong, weightiest first, a few words each; empty: nothing that is known. */
  readonly worries: readonly Worry[];
  readonly ages: readonly Age[];
}

export const provable: readonly Provable[] = ['backup', 'rehearsal', 'exercise', 'readiness'];
/** What each is called in lists. */
export const called: { readonly [what in Provable]: string } = {
  backup: 'backup',
  rehearsal: 'rehearsal',
  exercise: 'live exercise',
  readiness: 'readiness',
};

const bad = (text: string): Worry => ({ tone: 'bad', text });
const mixed = (text: string): Worry => ({ tone: 'mixed', text });

/** All systems, the worst first. `known`: what Temporal tells of each; `written`: the systems of the inventory. Pure. */
export function standings(known: ReadonlyMap<string, Summary | null>, written: readonly string[], now: number): readonly Standing[] {
  const rank: readonly Tone[] = ['bad', 'mixed', 'good'];
  const silent = [...known].flatMap(([system, summary]) =>
    summary === null ? [blank(system, mixed('what is known of it was written by an earlier release: its next run tells all'))] : [],
  );
  const never = written
    .filter((system) => !known.has(system))
    .map((system) => blank(system, bad('no run of it was ever seen: nothing is proven')));
  return [
    ...[...known.values()].flatMap((summary) => summary ?? []).map((summary) => standingOf(summary, now)),
    ...silent,
    ...never,
  ].toSorted(
    (one, other) =>
      rank.indexOf(one.tone) - rank.indexOf(other.tone) ||
      other.worries.length - one.worries.length ||
      one.system.localeCompare(other.system),
  );
}

function blank(system: string, worry: Worry): Standing {
  return { system, summary: null, tone: worry.tone, worries: [worry], ages: [] };
}

function standingOf(summary: Summary, now: number): Standing {
  const ages = provable.map((what) => ageOf(summary, what, now));
  const worries = worriesOf(summary, ages, now);
  const tone = worries.some((one) => one.tone === 'bad') ? 'bad' : worries.length > 0 ? 'mixed' : 'good';
  const weightiest = worries.toSorted((one, other) => Number(other.tone === 'bad') - Number(one.tone === 'bad'));
  return { system: summary.system, summary, tone, worries: weightiest, ages };
}

function ageOf({ proven, promised, alarms }: Summary, what: Provable, now: number): Age {
  const at = proven[what];
  const age = at === undefined ? null : Math.max(0, now - Date.parse(at));
  const within = promised[what] ?? null;
  // The workflow's own alarm counts too: what was never proven is due from when it was promised.
  const late = alarms.includes(what) || (within !== null && age !== null && age > within);
  return { what, age, promised: within, late };
}

function worriesOf(summary: Summary, ages: readonly Age[], now: number): Worry[] {
  const { stopped, unprotectedSince, ready, because, findings, fences, rest, active, promised } = summary;
  const since = (at: string): string => duration(Math.max(0, now - Date.parse(at)));
  const open = findings.open - findings.must;
  return [
    ...(stopped === null ? [] : [bad(`stopped by ${stopped}`)]),
    ...(unprotectedSince === null ? [] : [bad(`unprotected for ${since(unprotectedSince)}`)]),
    ...(ready === false ? [bad(`not ready: ${because}`)] : []),
    ...ages.filter(({ late }) => late).map((age) => bad(overdue(age))),
    ...(findings.must > 0 ? [bad(`${counted(findings.must, 'finding')} to be mended before the next run`)] : []),
    ...(active === null ? [mixed('not known where it is served')] : []),
    ...(open > 0 ? [mixed(counted(open, 'open finding'))] : []),
    ...(fences > 0 ? [mixed(counted(fences, 'fence stands', 'fences stand'))] : []),
    ...(rest !== null && Date.parse(rest) > now ? [mixed(`at rest until ${rest.slice(11, 16)} UTC`)] : []),
    // What nobody promised is never late: silence is no proof.
    ...(Object.keys(promised).length === 0 ? [mixed('nothing is promised of it, so nothing is watched')] : []),
  ];
}

function overdue({ what, age, promised }: Age): string {
  const last = age === null ? 'was never proven' : `was last proven ${span(age)} ago`;
  return `its ${called[what]} ${last}${promised === null ? '' : `, promised every ${span(promised)}`}`;
}

/** A length of time that people chose, such as `35 d`. */
export const span = (milliseconds: number): string => duration(milliseconds).replace(/ 0 h$/u, '');
