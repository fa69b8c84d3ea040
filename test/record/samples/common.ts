import type { QuestionKind } from '../../../record/journal.ts';
import { type Moment, at, gate, header, step } from '../build.ts';

export const alice = 'alice@example.com';
export const bob = 'bob@example.com';

/** Steps of `orders-failover`. */
export const steps = [
  step('facts', 'postgres.check', [], 'site-b', { summary: 'postgres.check: b-db is a standby' }),
  gate('cut-over', 'Move orders from site-a to site-b', ['facts']),
  step('quiesce', 'postgres.quiesce', ['cut-over'], 'site-a', {
    only: 'planned',
    summary: 'postgres.quiesce: stop writes on a-db',
    action: { outage: true, undo: true },
  }),
  step('fence', 'power.off', ['cut-over'], 'site-b', { only: 'unplanned', summary: 'power.off: cut a-db off' }),
  step('promote', 'postgres.promote', ['quiesce', 'fence'], 'site-b', { summary: 'postgres.promote: b-db' }),
  step('rows', 'postgres.check', ['promote'], 'site-b', { summary: 'postgres.check: rows on b-db' }),
  step('reachable', 'tcp.check', ['promote'], 'site-b', { summary: 'tcp.check: b-db port 5432' }),
  step('tell', 'notify.webhook', ['rows', 'reachable'], 'site-b', { summary: 'notify.webhook: on-call' }),
];

/** What every run begins with: started by Alice, compiled, locked. */
export function opening(
  mode: 'planned' | 'unplanned',
  preflight: readonly [step: string, site: string, ok: boolean, seen: string][],
): Moment[] {
  const input = { system: 'orders', mode, parameters: { incident: 'INC-4711' } };
  return [
    [0, { what: 'started', by: alice, mode, input }],
    [0.21, { what: 'compiled', digest: header().digest, revision: '8c41e9d', runbook: 'orders-failover', warnings: [] }],
    ...preflight.map(([id, site, ok, seen]): Moment => [0.52, { what: 'preflight', step: id, site, ok, seen: [seen] }]),
    [0.55, { what: 'locked', epoch: 7, note: 'Lent to this run, epoch 7.' }],
  ];
}

export function asked(
  seconds: number,
  question: string,
  kind: QuestionKind,
  title: string,
  facts: Readonly<Record<string, string>> = {},
  count = 1,
): Moment {
  const shown = Object.entries(facts).map(([label, value]) => ({ label, value }));
  const deadline = kind === 'intervention' ? null : at(seconds + 900);
  return [seconds, { what: 'asked', question, attempt: 1, kind, title, facts: shown, approvers: ['dr-leads'], count, deadline }];
}

type How = 'attested' | 'stated' | 'anonymous';

/** A decision that counts, and the answer that it makes. */
export function answered(seconds: number, question: string, choice: 'approve' | 'retry' | 'abort', by: string, how: How): Moment[] {
  const note = how === 'anonymous' ? 'separation of duties not enforced' : '';
  return [
    [seconds, { what: 'decided', question, attempt: 1, choice, by, how, counts: true, note, reason: '' }],
    [seconds, { what: 'answered', question, attempt: 1, choice, by: [by || 'anonymous'] }],
  ];
}

export const refused = (seconds: number, choice: string, by: string, note: string, reason = ''): Moment => [
  seconds,
  { what: 'decided', question: 'cut-over', attempt: 1, choice, by, how: 'stated', counts: false, note, reason },
];

export const begun = (seconds: number, id: string, uses: string, site = 'site-b', attempt = 1): Moment => [
  seconds,
  { what: 'begun', step: id, uses, site, attempt },
];

export function done(
  seconds: number,
  id: string,
  uses: string,
  evidence: string[],
  extra: { attempt?: number; outputs?: { [name: string]: string | number }; proofs?: [typeof proof] } = {},
): Moment {
  return [seconds, { what: 'done', step: id, uses, attempt: 1, byHand: false, outputs: {}, proofs: [], evidence, ...extra }];
}

export const failed = (seconds: number, id: string, uses: string, code: string, problem: string, attempt = 1): Moment => [
  seconds,
  { what: 'failed', step: id, uses, attempt, code, problem },
];

export const proof = {
  kind: 'fence' as const,
  by: 'power.off',
  host: 'a-db',
  at: at(101.9),
  with: { host: 'a-db' },
  evidence: [
    'The controller of a-db reports the power off.',
    'a-db greeted at 15:04:02 and no longer does, while its neighbour on the same network does.',
  ],
  latched: 'yes' as const,
};

export const shown = {
  'Data at risk': 'about 8 kB, last seen 1.1 s before the failure',
  Probe: 'dead: no marker since 15:04:01.300',
  "Standby's receiver": 'dead: disconnected at 15:04:01',
  'Controller of a-db': 'alive: the power is on',
};
