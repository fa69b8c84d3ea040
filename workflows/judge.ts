import type { Attestation } from '../plan/plan.ts';
import type { Stated } from '../activities/step.ts';
import type { Choice } from '../record/journal.ts';
import type { Sender } from './wire.ts';

/** One press of a choice, as far as it is known. */
export interface Press {
  readonly choice: Choice;
  readonly sender: Sender;
  /** Name given with the decision. */
  readonly stated: string | null;
  readonly reason: string;
}

export interface Rules {
  /** The least that counts. */
  readonly accepts: Attestation;
  /** Role → names. */
  readonly people: { readonly [role: string]: readonly string[] };
  /** Roles that may decide; empty: every person of the inventory. */
  readonly approvers: readonly string[];
  /** How many different people it takes. */
  readonly count: number;
  readonly requester: Stated | null;
  readonly reasonNeeded: boolean;
  /** Who has made the same choice already. */
  readonly have: readonly string[];
}

export interface Judgement {
  readonly counts: boolean;
  readonly by: string;
  readonly how: Attestation;
  /** Why it does not count, or what the record notes of it. */
  readonly note: string;
}

export const anonymous = 'anonymous';
const rank: Readonly<Record<Attestation, number>> = { anonymous: 0, stated: 1, attested: 2 };

/** Whether a decision counts. Pure: the same for every way in which it was sent. */
export function judge(press: Press, rules: Rules): Judgement {
  const { sender } = press;
  const how: Attestation = sender.how === 'attested' ? 'attested' : press.stated || sender.by ? 'stated' : 'anonymous';
  const by = (how === 'attested' ? sender.by : (press.stated ?? sender.by)) ?? anonymous;
  const refuse = (note: string): Judgement => ({ counts: false, by, how, note });

  if (sender.reset) return refuse('given before the run was reset: it is asked again');
  if (sender.worker) return refuse('sent with the credentials of a worker, which is no person');
  if (rank[how] < rank[rules.accepts]) return refuse(`${how}; the inventory accepts no less than ${rules.accepts}`);
  if (rules.reasonNeeded && press.reason.trim() === '') return refuse(`a reason is needed for "${press.choice}"`);
  if (how === 'anonymous') {
    if (rules.count > 1) return refuse(`anonymous, where ${rules.count} different people are needed: give a name`);
    return { counts: true, by, how, note: 'separation of duties not enforced' };
  }
  const approves = press.choice === 'approve' || press.choice === 'unplanned' || press.choice === 'planned';
  if (approves && rules.requester && rules.requester.by === by) return refuse('who started the run cannot approve it');
  if (!allowed(by, rules) && !(rules.approvers.length === 0 && rules.requester?.by === by)) {
    return refuse(rules.approvers.length > 0 ? `not in ${rules.approvers.join(' or ')}` : 'not among the people of the inventory');
  }
  if (rules.have.includes(by)) return refuse('the same person already decided so');
  return { counts: true, by, how, note: '' };
}

/** Whether somebody holds a role that may decide; no roles: any of the inventory. */
export function allowed(name: string, rules: Pick<Rules, 'people' | 'approvers'>): boolean {
  const roles = rules.approvers.length > 0 ? rules.approvers : Object.keys(rules.people);
  return roles.some((role) => Object.hasOwn(rules.people, role) && rules.people[role]!.includes(name));
}
