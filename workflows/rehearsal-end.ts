import type { Verdict } from '../record/journal.ts';
import { isStep, type Run, type Track } from './run.ts';
import { idOf } from './system/findings.ts';
import type { Found, MeasuredRun } from './wire.ts';

/** Rehearsals that a step's duration is held against. */
const compared = 5;
/** What is slower by less than this is no finding, milliseconds. */
const noise = 1_000;
const much = 2;

/** Codes that tell of another run, or of people, and nothing of the runbook. */
export const fromOutside: readonly string[] = ['not-ours', 'taken-over', 'stopped', 'another-rehearsal'];

/** What a rehearsal found, beside what its steps told by themselves. Subjects are ids of steps, and these. */
export const subjects = { whole: 'rehearsal', time: 'recovery-time', left: 'clean-up' } as const;

export function findingsOf(run: Run, walkedToItsEnd: boolean): Found[] {
  const tracks = [...run.tracks.values()];
  const failures = tracks.filter(({ state }) => state === 'failed').map((track) => failure(run, track));
  const broken = [...failures, ...standIns(run, tracks)].filter(({ code }) => !fromOutside.includes(code));
  return walkedToItsEnd ? [...broken, ...nothingTried(run, tracks), ...slower(run, tracks), ...tooSlow(run)] : broken;
}

/** What was not taken away, or of which nobody could tell. */
export function leftOver(left: readonly string[], unseen: readonly string[]): Found[] {
  const some = (what: readonly string[]): string =>
    `${what.slice(0, 5).join('; ')}${what.length > 5 ? `; and ${what.length - 5} more` : ''}`;
  return [
    ...(left.length === 0 ? [] : [must(subjects.left, 'left-over', `${left.length} left over: ${some(left)}.`)]),
    ...(unseen.length === 0 ? [] : [must(subjects.left, 'not-seen', `Whether anything is left over is not known: ${some(unseen)}.`)]),
  ];
}

/** A rehearsal passes where something was tried, and nothing was found that must be fixed. */
export function judged(run: Run): readonly [verdict: Verdict, why: string] {
  const musts = run.findings.filter(({ weight }) => weight === 'must');
  if (musts.length > 0)
    return [
      'failed',
      musts
        .map(({ subject, text }) => `${subject}: ${text}`)
        .join('; ')
        .slice(0, 1_500),
    ];
  const tracks = [...run.tracks.values()].filter(({ node }) => !run.leftOut(node));
  const tried = tracks.filter(wasTried).length;
  const asked = tracks.filter(({ node, state }) => node.kind === 'gate' && state === 'done').length;
  const rest = tracks.length - tried - asked;
  const people = asked === 0 ? '' : `, ${asked} ${asked === 1 ? 'gate was' : 'gates were'} answered`;
  return ['rehearsed', `${tried} ${tried === 1 ? 'step was' : 'steps were'} tried and did what they should${people}; ${rest} not proven`];
}

/** Writes down what it found, each under its id. */
export function writeFindings(run: Run): void {
  for (const found of run.findings) run.journal.write({ what: 'found', id: idOf(run.pinned.runbook, found), found });
}

/**
 * For how long any step of the runbook worked, milliseconds: what was waited for meanwhile, people or a copy, is not in it. Null: none
 * was done. The record counts the same.
 */
export function timeOf(run: Run): number | null {
  const added = addedBy(run);
  const steps = [...run.tracks.values()].filter((track) => wasTried(track) && !added.has(track.node.id));
  const stretches = steps.map(({ startedAt, endedAt }) => ({ from: Date.parse(startedAt!), to: Date.parse(endedAt!) }));
  let [time, until] = [0, -Infinity];
  for (const { from, to } of stretches.toSorted((one, other) => one.from - other.from)) {
    time += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return steps.length === 0 ? null : time;
}

/** What a rehearsal that was walked to its end tried as a whole. Its time is none where not every step could be done. */
export function triedOf(run: Run): readonly string[] {
  const measured = timeOf(run) !== null && ![...run.tracks.values()].some(({ state }) => state === 'failed');
  return measured ? [subjects.whole, subjects.time] : [subjects.whole];
}

const wasTried = ({ node, state, startedAt, endedAt }: Track): boolean =>
  node.kind !== 'gate' && state === 'done' && startedAt !== null && endedAt !== null;

const must = (subject: string, code: string, text: string): Found => ({ subject, code, weight: 'must', text: text.slice(0, 500) });
const should = (subject: string, code: string, text: string): Found => ({ ...must(subject, code, text), weight: 'should' });

function failure(run: Run, { node, note }: Track): Found {
  const last = run.journal.entries.findLast((entry) => entry.what === 'failed' && entry.step === node.id);
  return must(node.id, last?.what === 'failed' ? last.code : 'failed', note);
}

/** A step that is done, because another way stood in for one that failed. */
function standIns(run: Run, tracks: readonly Track[]): Found[] {
  return tracks.flatMap(({ node, state, uses }) => {
    if (!isStep(node) || state !== 'done') return [];
    const broken = run.journal.entries.find((entry) => entry.what === 'failed' && entry.step === node.id && entry.uses !== uses);
    if (broken?.what !== 'failed') return [];
    return [should(node.id, broken.code, `${broken.uses} failed, and ${uses} stood in for it: ${broken.problem}`)];
  });
}

/** A copy alone tries nothing of the runbook. */
function nothingTried(run: Run, tracks: readonly Track[]): Found[] {
  const added = addedBy(run);
  if (tracks.some((track) => track.state === 'failed' || (wasTried(track) && !added.has(track.node.id)))) return [];
  return [must(subjects.whole, 'nothing-tried', 'Nothing of the runbook was tried: a rehearsal that tests nothing proves nothing.')];
}

const addedBy = (run: Run): ReadonlySet<string> =>
  new Set(run.pinned.rehearsal?.differs.flatMap(({ step, how }) => (how === 'added' ? [step] : [])));

function slower(run: Run, tracks: readonly Track[]): Found[] {
  const before = run.measured.filter(({ live, good, mode }) => !live && good && mode === run.mode).slice(-compared);
  return tracks.filter(wasTried).flatMap(({ node, startedAt, endedAt }) => {
    const took = Date.parse(endedAt!) - Date.parse(startedAt!);
    const usual = durations(before, node.id);
    const middle = usual.toSorted((a, b) => a - b)[Math.floor(usual.length / 2)];
    if (middle === undefined || took <= much * middle || took - middle < noise) return [];
    const words = `It took ${seconds(took)}; the last ${usual.length === 1 ? 'rehearsal' : `${usual.length} rehearsals`} took ${usual.map(seconds).join(', ')}.`;
    return [should(node.id, 'slower', words)];
  });
}

const durations = (before: readonly MeasuredRun[], step: string): number[] =>
  before.flatMap((one) => (Object.hasOwn(one.durations, step) ? [one.durations[step]!] : []));

function tooSlow(run: Run): Found[] {
  const promised = run.pinned.objectives.recoveryTime;
  const took = timeOf(run);
  if (promised === undefined || took === null || took <= promised) return [];
  return [must(subjects.time, 'objective-missed', `The steps took ${seconds(took)}, and ${seconds(promised)} are promised.`)];
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;
