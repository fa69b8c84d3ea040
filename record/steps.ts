import type { PlanNode } from '../plan/plan.ts';
import type { Carried } from './history.ts';
import type { Entry } from './journal.ts';
import type { AttemptRecord, QuestionRecord, StepRecord } from './schema/run.ts';
import { ms } from './time.ts';

export type Walked = Omit<StepRecord, 'critical'>;

interface Source {
  readonly journal: readonly Entry[];
  readonly planned: readonly PlanNode[];
  readonly carried: readonly Carried[];
  readonly asked: readonly QuestionRecord[];
}

/** Steps and gates in the order in which they first happened; then those of the plan that never did, in its order. */
export function steps({ journal, planned, carried, asked }: Source): Walked[] {
  const gates = new Set(asked.filter(({ kind }) => kind === 'gate').map(({ id }) => id));
  const happened = [
    ...new Set(journal.flatMap((e) => (isOfStep(e) ? [e.step] : e.what === 'asked' && gates.has(e.question) ? [e.question] : []))),
  ];
  const never = planned.map(({ id }) => id).filter((id) => !happened.includes(id));
  const mode = journal.reduce<string | null>((last, e) => (e.what === 'mode' || e.what === 'started' ? e.mode : last), null);
  const whyNot = new Map(journal.flatMap((e) => (e.what === 'not-proven' ? [[e.step, e.why] as const] : [])));
  return [...happened, ...never].map((id) => {
    const node = planned.find((one) => one.id === id);
    const why = happened.includes(id) ? undefined : whyNot.get(id);
    if (why !== undefined) return leftOut(id, node, why);
    return gates.has(id) || node?.kind === 'gate'
      ? gate(
          id,
          node,
          asked.filter((question) => question.id === id && question.kind === 'gate'),
          mode,
        )
      : step(
          id,
          node,
          journal.filter((e) => isOfStep(e) && e.step === id),
          carried.filter((one) => one.step.id === id),
          mode,
          childrenOf(id, journal),
        );
  });
}

/** A step or gate that a rehearsal left out, stood in for, or did not reach. */
function leftOut(id: string, node: PlanNode | undefined, why: string): Walked {
  const none = gate(id, node?.kind === 'gate' ? node : undefined, [], null);
  const is = node === undefined || node.kind === 'gate' ? none : step(id, node, [], [], null, []);
  return { ...is, outcome: why.startsWith('Not reached') ? 'not reached' : 'left out', note: why };
}

type OfStep = Extract<Entry, { readonly what: 'begun' | 'done' | 'failed' | 'skipped' | 'undone' }>;

/** Whether an entry tells what became of a step. */
function isOfStep(e: Entry): e is OfStep {
  return e.what === 'begun' || e.what === 'done' || e.what === 'failed' || e.what === 'skipped' || e.what === 'undone';
}

function step(
  id: string,
  node: PlanNode | undefined,
  entries: readonly Entry[],
  carried: readonly Carried[],
  mode: string | null,
  children: NonNullable<Walked['children']>,
): Walked {
  const attempts = entries.flatMap((e, index) => (e.what === 'begun' ? [attemptOf(e, entries.slice(index + 1), carried)] : []));
  const done = entries.findLast((e) => e.what === 'done');
  const [outcome, note] = fate(entries, node, mode);
  const last = entries.findLast((e) => e.what === 'done' || e.what === 'failed' || e.what === 'skipped');
  const undone = entries.findLast((e) => e.what === 'undone');
  return {
    id,
    uses: attempts.at(-1)?.uses ?? (node?.kind === 'step' ? node.action.uses : (done?.uses ?? '')),
    kind: 'step',
    summary: node && node.kind !== 'gate' ? node.summary : '',
    outcome,
    note,
    site: attempts.at(-1)?.site ?? (node?.kind === 'step' ? node.action.at : null),
    from: attempts[0]?.begunAt ?? last?.at ?? null,
    to: last?.at ?? null,
    undoneAt: keeps(node) ? null : (undone?.at ?? null),
    attempts,
    outputs: (done?.outputs ?? null) as Walked['outputs'],
    proofs: (done?.proofs ?? []).map(({ kind, by, host, at, evidence, latched }) => ({
      kind,
      by,
      host,
      at,
      evidence: [...evidence],
      latched,
    })),
    evidence: [...(done?.evidence ?? []), ...(undone?.evidence ?? [])],
    ...(children.length > 0 ? { children } : {}),
  };
}

/** The runs that it started, each as it ended last. */
function childrenOf(id: string, journal: readonly Entry[]): NonNullable<Walked['children']> {
  const ends = journal.flatMap((e) => (e.what === 'child' && e.step === id ? [e] : []));
  return [...new Map(ends.map((end) => [end.name, end])).values()].map(({ name, system, run, startedAt, at, verdict, why, outage }) => ({
    name,
    system,
    run,
    startedAt,
    endedAt: at,
    verdict,
    why,
    outage,
  }));
}

function attemptOf(begun: Extract<Entry, { readonly what: 'begun' }>, after: readonly Entry[], carried: readonly Carried[]): AttemptRecord {
  const next = after.find((e) => e.what === 'begun' || e.what === 'done' || e.what === 'failed');
  const end = next && next.what !== 'begun' ? next : undefined;
  const activity = carried.findLast(
    (one) => one.step.attempt === begun.attempt && one.activityType.startsWith(`${begun.uses}.`) && !one.activityType.endsWith('.undo'),
  );
  return {
    attempt: begun.attempt,
    uses: begun.uses,
    site: begun.site,
    begunAt: begun.at,
    endedAt: end?.at ?? null,
    milliseconds: end ? ms(end.at) - ms(begun.at) : null,
    outcome: end?.what ?? 'unfinished',
    code: end?.what === 'failed' ? end.code : '',
    problem: end?.what === 'failed' ? end.problem : '',
    tries: activity?.tries ?? null,
    worker: activity?.worker ?? null,
    scheduledAt: activity?.scheduledAt ?? null,
    startedAt: activity?.startedAt ?? null,
    closedAt: activity?.closedAt ?? null,
    closedBy: activity?.closedBy ?? null,
    lastFailure: activity?.lastFailure ?? null,
  };
}

function fate(entries: readonly Entry[], node: PlanNode | undefined, mode: string | null): [Walked['outcome'], string] {
  const last = entries.findLast((e) => isOfStep(e) && !(e.what === 'undone' && keeps(node)));
  const kept = keeps(node) && entries.some((e) => e.what === 'undone') ? 'It has no undo, and was left as it is.' : '';
  if (last?.what === 'done')
    return last.byHand ? ['done by hand', 'A person said it was done; the world was read and agreed.'] : ['done', kept];
  if (last?.what === 'failed') return ['failed', last.problem];
  if (last?.what === 'skipped') return [node?.if && entries.every((e) => e.what !== 'begun') ? 'left out' : 'skipped', last.why];
  if (last?.what === 'undone') return ['undone', ''];
  if (last?.what === 'begun') return ['unfinished', kept || 'The run ended while it was under way: look at what it acts on.'];
  return neverReached(node, mode);
}

/** Whether it stays as it is when the run backs out, which the journal notes as undone all the same. */
function keeps(node: PlanNode | undefined): boolean {
  return node?.kind === 'step' && !node.action.undo;
}

function gate(id: string, node: PlanNode | undefined, asked: readonly QuestionRecord[], mode: string | null): Walked {
  const last = asked.at(-1);
  const [outcome, note]: [Walked['outcome'], string] = !last
    ? neverReached(node, mode)
    : last.answer === 'approve'
      ? ['done', `Approved by ${last.by.join(', ')}.`]
      : last.answer
        ? ['failed', `${last.answer} by ${last.by.join(', ')}`]
        : unanswered(node, last);
  return {
    id,
    uses: '',
    kind: 'gate',
    summary: last?.title ?? (node?.kind === 'gate' && typeof node.title === 'string' ? node.title : ''),
    outcome,
    note,
    site: null,
    from: asked[0]?.askedAt ?? null,
    to: last?.closedAt ?? null,
    undoneAt: null,
    attempts: [],
    outputs: null,
    proofs: [],
    evidence: [],
  };
}

function unanswered(node: PlanNode | undefined, { notes }: QuestionRecord): [Walked['outcome'], string] {
  const expired = notes.at(-1)?.startsWith('expired') === true;
  if (expired && node?.kind === 'gate' && node.onExpiry.then === 'proceed')
    return ['done', 'Nobody answered in time, and the runbook says to go on.'];
  return ['unfinished', notes.at(-1) ?? 'Nobody answered.'];
}

function neverReached(node: PlanNode | undefined, mode: string | null): [Walked['outcome'], string] {
  if (node?.only && mode && node.only !== mode) return ['left out', `Only in a run that is ${node.only}.`];
  return ['not reached', ''];
}
