import type { Json, PlanHeader, PlanNode } from '../plan/plan.ts';
import { criticalPath } from './critical-path.ts';
import { decisions, interventions, questions } from './decisions.ts';
import { expectedOf } from './expected.ts';
import { evidenceFields } from './evidence-fields.ts';
import { findings, notProven, separation } from './findings.ts';
import { type HistoryFact, carried, knownWorkers } from './history.ts';
import type { Entry } from './journal.ts';
import { measure } from './measure.ts';
import { phases, quiet } from './phases.ts';
import { rehearsalOf, rehearsedObjectives } from './rehearsal.ts';
import type { RunRecord } from './schema/run.ts';
import { servingNow } from './serving.ts';
import { steps } from './steps.ts';
import { latest, ms } from './time.ts';

export interface Material {
  /** Null where the run ended before anything was compiled. */
  readonly plan: PlanHeader | null;
  /** The plan's steps. Without them the record has no steps that were never reached, and infers the critical path from the times. */
  readonly steps?: readonly PlanNode[];
  /** What happened, as the workflow saw it, in order. MUST begin with `started` unless there is a history that does. */
  readonly journal: readonly Entry[];
  /** What Temporal says; empty where it could not be read: then workers and tries are missing. */
  readonly history: readonly HistoryFact[];
  /** The run in the Temporal UI. */
  readonly link?: string | null;
}

/**
 * The record of a run, from its journal and its history and from nothing else; made twice, it is the same.
 * Throws where neither says when the run started.
 */
export function makeRecord(material: Material): RunRecord {
  const { plan, journal, history } = material;
  const planned = material.steps ?? [];
  const [startedAt, started, run] = beginning(journal, history);
  const ended = find(journal, 'ended');
  const input = started && isObject(started.input) ? started.input : {};

  const asked = questions(journal);
  const decided = decisions(journal, asked, history);
  const walked = steps({ journal, planned, carried: carried(history), asked });
  const around = phases(journal, walked, startedAt);
  const waits = quiet(journal, asked, walked, around);
  const path = criticalPath(walked, planned);
  const modes = modesOf(journal, startedAt);
  const measured = measure({ plan, journal, startedAt, waits, walked, modes });
  const rehearsal = rehearsalOf({ plan, planned, journal, walked });
  const base: Parameters<typeof evidenceFields>[0] = {
    format: 1,
    run: {
      workflowId: run?.workflowId ?? null,
      runId: run?.runId ?? null,
      firstRunId: run?.firstRunId ?? null,
      link: material.link ?? null,
    },
    system: plan?.system.name ?? text(input['system']) ?? 'unknown',
    runbook: plan?.runbook ?? find(journal, 'compiled')?.runbook ?? text(input['runbook']) ?? null,
    kind: plan?.kind ?? null,
    description: plan?.description ?? '',
    digest: plan?.digest ?? find(journal, 'compiled')?.digest ?? null,
    revision: plan?.revision ?? find(journal, 'compiled')?.revision ?? null,
    source: plan?.source.site ?? null,
    target: plan?.target.site ?? null,
    modes,
    parameters: plain(plan?.parameters ?? (isObject(input['parameters']) ? input['parameters'] : {})),
    startedBy: starter(started?.by, run),
    startedAt,
    endedAt: ended?.at ?? null,
    duration: latest([startedAt, ...journal.map(({ at }) => at)]) - ms(startedAt),
    verdict: ended?.verdict ?? null,
    why: ended?.why ?? '',
    ...(ended?.left === undefined ? {} : { left: structuredClone(ended.left) as NonNullable<RunRecord['left']> }),
    serving: servingNow(journal, planned),
    ...measured,
    ...(rehearsal === null ? {} : { objectives: rehearsedObjectives(rehearsal, plan, walked) }),
    waits: waits.reduce((sum, { from, to }) => sum + to - from, 0),
    separationOfDuties: separation(plan, decided),
    phases: around,
    questions: asked,
    decisions: decided,
    interventions: interventions(journal, asked),
    steps: walked.map((step) => ({ ...step, critical: path.has(step.id) })),
    preflight: journal.flatMap((e) => (e.what === 'preflight' ? [{ step: e.step, site: e.site, ok: e.ok, seen: [...e.seen] }] : [])),
    notProven: notProven(journal, walked, measured, rehearsal !== null),
    rehearsal,
    expected: expectedOf(journal, walked, waits),
    warnings: warnings(plan, journal, history),
    workers: [...knownWorkers(history)].sort(),
  };
  const record = { ...base, ...evidenceFields(base, { plan, planned, journal, walked, cause: input['cause'] }) };
  return { ...record, findings: findings(record, journal) };
}

type Of<What extends Entry['what']> = Extract<Entry, { readonly what: What }>;
type RunStarted = Extract<HistoryFact, { readonly what: 'run-started' }>;

function beginning(
  journal: readonly Entry[],
  history: readonly HistoryFact[],
): [string, Of<'started'> | undefined, RunStarted | undefined] {
  const started = find(journal, 'started');
  const run = history.find((fact): fact is RunStarted => fact.what === 'run-started');
  // The workflow's first entry may come after its first activity; the history knows better when the run began.
  const at = run?.at ?? started?.at;
  if (!at)
    throw new Error(
      'no record can be made: neither the journal nor the history says when the run started; hand over one of them from its first entry',
    );
  return [at, started, run];
}

function starter(by: string | undefined, run: RunStarted | undefined): RunRecord['startedBy'] {
  if (run?.principal) return { by: run.principal, how: 'attested' };
  if (by) return { by, how: 'stated' };
  return { by: 'unknown', how: 'anonymous' };
}

function modesOf(journal: readonly Entry[], startedAt: string): RunRecord['modes'] {
  return journal.flatMap((entry) => {
    if (entry.what === 'started' && entry.mode) return [{ mode: entry.mode, at: startedAt, by: entry.by }];
    return entry.what === 'mode' ? [{ mode: entry.mode, at: entry.at, by: entry.by }] : [];
  });
}

function warnings(plan: PlanHeader | null, journal: readonly Entry[], history: readonly HistoryFact[]): string[] {
  const compiled = find(journal, 'compiled');
  const resets = history.flatMap((fact) =>
    fact.what === 'reset'
      ? [`The run was reset to event ${fact.toEventId} by ${fact.identity || 'nobody named'}: ${fact.reason || 'no reason given'}.`]
      : [],
  );
  const doubts = [
    ...(history.length === 0
      ? ['This record was made without the history of the run: workers and tries are missing, and decisions could not be compared with it.']
      : []),
    ...(find(journal, 'ended') ? [] : ['The run had not ended when this record was made.']),
    ...(plan && compiled && plan.digest !== compiled.digest
      ? [`The plan given (${plan.digest.slice(0, 12)}) is not the one that was compiled (${compiled.digest.slice(0, 12)}).`]
      : []),
  ];
  return [...new Set([...(plan?.warnings ?? compiled?.warnings ?? []), ...resets, ...doubts])];
}

function find<What extends Entry['what']>(journal: readonly Entry[], what: What): Of<What> | undefined {
  return journal.find((entry): entry is Of<What> => entry.what === what);
}
function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
function plain(value: { readonly [name: string]: Json }): RunRecord['parameters'] {
  return structuredClone(value) as RunRecord['parameters'];
}
