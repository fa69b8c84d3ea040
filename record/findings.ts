import type { PlanHeader } from '../plan/plan.ts';
import type { Entry } from './journal.ts';
import type { Measured } from './measure.ts';
import { rehearsalFindings } from './rehearsal.ts';
import type { DecisionRecord, RunRecord } from './schema/run.ts';
import type { Walked } from './steps.ts';
import { counted, duration } from './words.ts';

type Finding = RunRecord['findings'][number];

/** What is to be fixed, weightiest first. */
export function findings(record: Omit<RunRecord, 'findings'>, journal: readonly Entry[] = []): Finding[] {
  const must = (text: string): Finding => ({ weight: 'must', text });
  const should = (text: string): Finding => ({ weight: 'should', text });
  const note = (text: string): Finding => ({ weight: 'note', text });
  const { verdict, serving, system } = record;
  if (record.rehearsal)
    return inOrder([
      ...rehearsalFindings(journal),
      ...record.steps.filter(({ outcome, attempts }) => outcome === 'done' && tries(attempts) > 1).map((one) => should(retried(one))),
      ...late(record.decisions).map(note),
    ]);
  const list = [
    ...(verdict !== null && serving.known && serving.site === null ? [must(`No site serves ${system} (${serving.note}).`)] : []),
    ...(verdict === 'recovered, unprotected'
      ? [must(`${system} has no standby since this run: let replication run the other way before the next failure.`)]
      : []),
    ...record.objectives
      .filter(({ result }) => result === 'missed')
      .map((one) => must(`The objective for ${one.name} was missed: ${figures(one)}`)),
    ...record.steps.flatMap(({ id, attempts }) =>
      attempts.flatMap(({ closedBy }) =>
        closedBy
          ? [must(`The end of step ${id} was reported by "${closedBy}", which is no worker of this run: find out who did that.`)]
          : [],
      ),
    ),
    ...record.steps
      .filter(({ outcome }) => outcome === 'failed' || outcome === 'unfinished')
      .map((one) => must(`${one.kind === 'gate' ? 'Gate' : 'Step'} ${one.id}: ${one.note}`)),
    ...record.steps
      .filter(({ outcome }) => outcome === 'skipped')
      .map((one) => must(`Step ${one.id} was skipped: ${one.note} Make up for it.`)),
    ...unlatched(record).map(must),
    ...record.preflight
      .filter(({ ok }) => !ok)
      .map((one) => (lost(record, one.site) ? note : should)(`Preflight of ${one.step} at ${one.site}: ${one.seen.join(' ') || 'failed'}`)),
    ...record.steps.filter(({ attempts }) => tries(attempts) > 1).map((one) => should(retried(one))),
    ...record.objectives
      .filter(({ result }) => result === 'not measured')
      .map((one) => should(`The ${one.name} was not measured: ${one.why}`)),
    ...(record.separationOfDuties.enforced ? [] : [should(`Separation of duties was not enforced: ${record.separationOfDuties.why}`)]),
    ...late(record.decisions).map(note),
    ...record.objectives
      .filter(({ result, promised }) => promised === null && result === 'no objective')
      .map((one) => note(`The runbook sets no objective for the ${one.name}.`)),
  ];
  return inOrder(list);
}

function inOrder(list: readonly Finding[]): Finding[] {
  const order = ['must', 'should', 'note'];
  return list.toSorted((a, b) => order.indexOf(a.weight) - order.indexOf(b.weight));
}

/** What the run itself said it did not prove, and what its facts leave open. */
export function notProven(
  journal: readonly Entry[],
  walked: readonly Walked[],
  { recovery, clock }: Measured,
  rehearsed = false,
): RunRecord['notProven'] {
  return [
    ...journal.flatMap((e) => (e.what === 'not-proven' ? [{ what: e.step, why: e.why }] : [])),
    ...walked.flatMap(({ id, proofs }) =>
      proofs
        .filter(({ latched }) => latched === 'unknown')
        .map(({ host }) => ({
          what: id,
          why: `Whether ${host} stays out when its power comes back: its boot configuration could not be read.`,
        })),
    ),
    ...walked
      .filter(({ id, outcome }) => outcome === 'skipped' && !journal.some((e) => e.what === 'not-proven' && e.step === id))
      .map(({ id, note }) => ({ what: id, why: `It was skipped: ${note}` })),
    ...(!rehearsed && recovery.total === null && recovery.atLeast === null
      ? [{ what: 'recovery time and point', why: recovery.note }]
      : []),
    ...(clock && clock.offset === null
      ? [{ what: 'clock offset', why: "The probe's clock was not compared with the database server's." }]
      : []),
  ];
}

/** Whether distinct, known people decided. */
export function separation(plan: PlanHeader | null, decided: readonly DecisionRecord[]): RunRecord['separationOfDuties'] {
  // There was nothing to be decided.
  if (plan?.rehearsal?.gates === 'stood in for' && decided.length === 0) return { enforced: true, why: '' };
  const nameless = decided.filter(({ counts, how }) => counts && how === 'anonymous').length;
  if (nameless > 0) return { enforced: false, why: `${counted(nameless, 'anonymous decision')} counted.` };
  if (plan?.decisions === 'anonymous') return { enforced: false, why: 'The inventory accepts anonymous decisions.' };
  return { enforced: true, why: '' };
}

/** In an unplanned run what fails at the source is a fact, no fault. */
function lost({ modes, source }: Pick<RunRecord, 'modes' | 'source'>, site: string): boolean {
  return modes.at(-1)?.mode === 'unplanned' && site === source;
}

function unlatched({ steps }: Pick<RunRecord, 'steps'>): string[] {
  return steps.flatMap(({ proofs }) =>
    proofs
      .filter(({ latched }) => latched === 'no')
      .map(({ host }) => `${host} takes writes again as soon as its power comes back: keep its database from starting at boot.`),
  );
}

function tries(attempts: Walked['attempts']): number {
  return attempts.reduce((sum, one) => sum + Math.max(1, one.tries ?? 1), 0);
}

function retried({ id, attempts }: Pick<Walked, 'id' | 'attempts'>): string {
  const causes = attempts.flatMap(({ problem, lastFailure }) => problem || (lastFailure ?? [])).join(' Then: ');
  return `Step ${id} took ${tries(attempts)} tries. ${causes}`.trim();
}

function late(decided: readonly DecisionRecord[]): string[] {
  return decided
    .filter(({ counts }) => !counts)
    .map(({ by, choice, note }) => `A decision of ${by || 'somebody'} (${choice}) did not count: ${note}`);
}

function figures({ promised, measured, why }: RunRecord['objectives'][number]): string {
  if (measured === null) return why;
  return `${duration(measured)} against ${duration(promised ?? 0)}. ${why}`;
}
