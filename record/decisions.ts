import type { HistoryFact } from './history.ts';
import type { Entry } from './journal.ts';
import type { DecisionRecord, QuestionRecord, RunRecord } from './schema/run.ts';
import { lastAt, ms } from './time.ts';

/** Every asking of every question, with what became of it. */
export function questions(journal: readonly Entry[]): QuestionRecord[] {
  return journal.flatMap((entry, index) => {
    if (entry.what !== 'asked') return [];
    const after = journal.slice(index + 1);
    const answered = after.find((e) => e.what === 'answered' && e.question === entry.question && e.attempt === entry.attempt);
    const closedAt = closing(entry, after);
    const notes = after.flatMap((e) =>
      (e.what === 'reminded' || e.what === 'escalated' || e.what === 'expired') &&
      e.question === entry.question &&
      e.attempt === entry.attempt
        ? [`${e.what} at ${e.at}${e.note ? `: ${e.note}` : ''}`]
        : [],
    );
    return [
      {
        id: entry.question,
        attempt: entry.attempt,
        kind: entry.kind,
        title: entry.title,
        facts: entry.facts.map(({ label, value }) => ({ label, value })),
        approvers: [...entry.approvers],
        count: entry.count,
        askedAt: entry.at,
        closedAt,
        deadline: entry.deadline,
        answer: answered?.what === 'answered' ? answered.choice : null,
        by: answered?.what === 'answered' ? [...answered.by] : [],
        waited: ms(closedAt ?? lastAt(journal)) - ms(entry.at),
        notes,
      },
    ];
  });
}

/** Every decision that arrived. One that claims a principal which the history does not show is said to. */
export function decisions(journal: readonly Entry[], asked: readonly QuestionRecord[], history: readonly HistoryFact[]): DecisionRecord[] {
  const principals = new Set(history.flatMap((fact) => (fact.what === 'signal' && fact.principal ? [fact.principal] : [])));
  return journal.flatMap((entry) => {
    if (entry.what !== 'decided') return [];
    const question = asked.find(({ id, attempt }) => id === entry.question && attempt === entry.attempt);
    const open = question && ms(entry.at) >= ms(question.askedAt) && (!question.closedAt || ms(entry.at) <= ms(question.closedAt));
    // Who approved for a parent run stands in the parent's history.
    const elsewhere = entry.note.startsWith('approved by the gate ');
    const unseen = !elsewhere && entry.how === 'attested' && history.length > 0 && !principals.has(entry.by);
    const doubt = unseen ? 'the history of the run holds no signal of this principal' : '';
    return [
      {
        at: entry.at,
        question: entry.question,
        title: question?.title ?? '',
        attempt: entry.attempt,
        choice: entry.choice,
        by: entry.by,
        how: entry.how,
        counts: entry.counts,
        note: [entry.note, doubt].filter(Boolean).join('; '),
        reason: entry.reason,
        waited: question && open ? ms(entry.at) - ms(question.askedAt) : null,
      },
    ];
  });
}

/** Questions that no runbook foresaw: failed steps, a changed plan, a lock that could not be had. */
export function interventions(journal: readonly Entry[], asked: readonly QuestionRecord[]): RunRecord['interventions'] {
  return asked
    .filter(({ kind }) => kind === 'intervention' || kind === 'plan' || kind === 'lock')
    .map((question) => {
      const failure = journal.findLast((e) => e.what === 'failed' && e.step === question.id && ms(e.at) <= ms(question.askedAt));
      const decision = journal.findLast(
        (e) =>
          e.what === 'decided' && e.counts && e.question === question.id && e.attempt === question.attempt && e.choice === question.answer,
      );
      return {
        at: question.askedAt,
        step: question.id,
        problem: failure?.what === 'failed' ? failure.problem : question.title,
        choice: question.answer,
        by: question.by,
        reason: decision?.what === 'decided' ? decision.reason : '',
        waited: question.waited,
      };
    });
}

/** An asking ends with its answer; without one, when it expires or means nothing any more, is asked anew, or the run ends. */
function closing(asked: Extract<Entry, { readonly what: 'asked' }>, after: readonly Entry[]): string | null {
  const end = after.find(
    (e) =>
      e.what === 'ended' ||
      (e.what === 'asked' && e.question === asked.question) ||
      ((e.what === 'answered' || e.what === 'expired') && e.question === asked.question && e.attempt === asked.attempt),
  );
  return end?.at ?? null;
}
