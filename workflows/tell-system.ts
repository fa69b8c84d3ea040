import type { Backup } from '../activities/step.ts';
import type { Verdict } from '../record/journal.ts';
import { bytesOf, durationsOf } from './durations.ts';
import { timeOf } from './rehearsal-end.ts';
import type { Run } from './run.ts';
import type { Rehearsed, ReturnInput, Walked } from './wire.ts';

type Learnt = Pick<ReturnInput, 'walked' | 'rehearsed' | 'saves' | 'promised' | 'notify' | 'rest'>;

/** What the workflow `system` learns of a run beside its loan: how long its steps took, what it proved and found, what is promised. */
export function learntOf(run: Run, verdict: Verdict): Learnt {
  const { system, notify, whole } = run.pinned;
  if (whole !== undefined) return {};
  const walked = walkedOf(run);
  return {
    ...(run.live ? { walked } : { rehearsed: { ...walked, ...proved(run, verdict) } }),
    saves: savedOf(run),
    promised: system.promised ?? {},
    notify,
    ...(run.live && run.kind === 'failover' && system.rest !== undefined ? { rest: system.rest } : {}),
  };
}

/** Kinds of data that the inventory has saved, and those that the run saved itself. */
function savedOf({ pinned, backups: news }: Run): readonly Backup['holds'][] {
  const { backups, rds, resources } = pinned.system;
  return [
    ...new Set<Backup['holds']>([
      ...news.map(({ holds }) => holds),
      ...(backups?.postgres === undefined && rds === undefined ? [] : ['database' as const]),
      ...(backups?.files === undefined ? [] : ['files' as const]),
      // Whose volumes they are, runbooks say, by what the system has.
      ...(resources === undefined ? [] : ['volumes' as const]),
    ]),
  ];
}

function walkedOf(run: Run): Walked {
  const bytes = bytesOf(run);
  return {
    runbook: run.pinned.runbook,
    mode: run.mode,
    durations: durationsOf(run),
    ...(Object.keys(bytes).length > 0 ? { bytes } : {}),
    recovery: { time: run.live ? run.outage : timeOf(run), point: pointOf(run) },
  };
}

function proved(run: Run, verdict: Verdict): Pick<Rehearsed, 'passed' | 'found' | 'tried'> {
  const found = new Set(run.findings.map(({ subject }) => subject));
  // What another run or a person cut short was not tried: it closes no finding.
  const tried = [...run.tracks.values()].filter(({ node, begun, state }) => begun > 0 && (state === 'done' || found.has(node.id)));
  return { passed: verdict === 'rehearsed', found: run.findings, tried: [...tried.map(({ node }) => node.id), ...run.tried] };
}

/** From the first acknowledged marker that was lost to the failure, milliseconds; null: not measured from outside. */
function pointOf({ journal }: Run): number | null {
  const entry = journal.entries.findLast(({ what }) => what === 'measured');
  const outage = entry?.what === 'measured' ? entry.outage : null;
  if (outage === null) return null;
  const [first, newest] = [outage.markers.lost[0], outage.markers.lost.at(-1)];
  if (first === undefined || newest === undefined) return 0;
  const failure = outage.failedAt ?? outage.lastGoodAt ?? newest;
  return Math.max(Date.parse(failure), Date.parse(newest)) - Date.parse(first) + outage.every;
}
