import type { Expiry } from '../plan/plan.ts';
import { now } from './journal.ts';
import type { Run } from './run.ts';
import { subjectOf } from './subject.ts';
import { tell } from './tell.ts';
import type { OpenQuestion } from './wire.ts';

const wanted = {
  gate: 'approval wanted',
  plan: 'approval wanted',
  lock: 'approval wanted',
  task: 'to be done',
  intervention: 'decision wanted',
};

/** Tells people what is asked of them, with all that they need to answer. `again`: why they hear of it once more. */
export function tellAsked(run: Run, question: OpenQuestion, onExpiry: Expiry | undefined, again?: string): void {
  const { id, attempt, kind, title, facts } = question;
  void tell({
    system: run.input.system,
    event: kind === 'intervention' ? 'failure' : 'gate',
    key: `${run.origin}/${id}/${attempt}/${now()}`,
    title: `${run.live ? '' : 'Rehearsal: '}${run.input.system}: ${again ?? wanted[kind]}: ${title}`,
    text: [subjectOf(run), ...facts.map(({ label, value }) => `${label}: ${value}`), whoAndWhen(question, onExpiry)],
    commands: commandsFor(run, question),
    link: run.workflowId,
    notify: run.plan?.notify ?? {},
  });
}

function whoAndWhen({ count, approvers, have, deadline }: OpenQuestion, onExpiry: Expiry | undefined): string {
  const people = count === 1 ? 'One person' : `${count} different people`;
  const role = approvers.length > 0 ? ` of ${approvers.join(' or ')}` : '';
  const so = have.length > 0 ? `, so far ${have.join(', ')}` : '';
  return `${people}${role} may decide${so}; ${deadline === null ? 'no deadline' : `until ${deadline}, then ${afterwards(onExpiry)}`}.`;
}

function afterwards(onExpiry: Expiry | undefined): string {
  if (onExpiry && 'escalate' in onExpiry) return `${onExpiry.escalate} may decide too`;
  return onExpiry?.then === 'proceed' ? 'it goes on by itself' : 'the run ends';
}

function commandsFor(run: Run, { id, choices }: OpenQuestion): string[] {
  const step = run.questions.length > 1 ? ` --step ${id}` : '';
  return choices.map(({ choice, reason }) => `lifeboat ${choice} ${run.workflowId}${step}${reason ? ' --reason "…"' : ''}`);
}
