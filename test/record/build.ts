import type { Action, HostFacts, PlanHeader, PlanNode, Step } from '../../plan/plan.ts';
import type { HistoryFact } from '../../record/history.ts';
import type { Entry } from '../../record/journal.ts';
import type { Material } from '../../record/record.ts';

const start = Date.parse('2026-11-22T15:04:10.000Z');
/** ISO time, seconds after the sample runs start. */
export const at = (seconds: number): string => new Date(start + Math.round(seconds * 1000)).toISOString();

type Plain<T> = T extends unknown ? Omit<T, 'at'> : never;
/** Seconds after the start, and what happened. */
export type Moment = readonly [number, Plain<Entry>];
/** A journal in the order given. */
export const journal = (entries: readonly Moment[]): Entry[] => entries.map(([seconds, entry]) => ({ at: at(seconds), ...entry }) as Entry);

export const workers = { a: 'site-a/wrk-a1/2211', b: 'site-b/wrk-b1/2305' };

const host = (name: string, site: string, address: string): HostFacts => ({
  name,
  site,
  connection: 'ssh',
  views: { default: { address, ports: {} } },
  alive: 22,
});

export function header(change: Partial<PlanHeader> = {}): PlanHeader {
  return {
    format: 1,
    digest: '3f8a1c0b57d94e6f2a7bb1c46d0e95837e10c4f2a8d95b6371cfe02948ad77b1',
    revision: '8c41e9d',
    runbook: 'orders-failover',
    kind: 'failover',
    description: 'Moves orders to its other site.',
    system: { name: 'orders', tier: 1, probe: { url: 'http://127.0.0.1:7070', every: 100, good: 5 } },
    source: { site: 'site-a' },
    target: { site: 'site-b' },
    hosts: { 'a-db': host('a-db', 'site-a', '10.77.1.11'), 'b-db': host('b-db', 'site-b', '10.77.2.11') },
    sites: { 'site-a': { kind: 'physical', steps: 20 }, 'site-b': { kind: 'physical', steps: 20 } },
    objectives: { recoveryTime: 300_000, recoveryPoint: 10_000 },
    parameters: { incident: 'INC-4711' },
    people: { 'dr-leads': ['alice@example.com', 'bob@example.com'], dbas: ['carol@example.com', 'dan@example.com'] },
    decisions: 'stated',
    notify: { 'on-call': { webhook: 'https://hooks.example.com/dr', secret: 'env:HOOK_SECRET' } },
    ui: 'http://127.0.0.1:8233',
    warnings: [],
    pages: ['9b1d'],
    ...change,
  };
}

export function step(
  id: string,
  uses: string,
  needs: readonly string[],
  site: string,
  extra: Partial<Omit<Step, 'action'>> & { action?: Partial<Action> } = {},
): Step {
  const { action, ...rest } = extra;
  return {
    kind: 'step',
    id,
    needs,
    remaining: 0,
    line: 1,
    action: {
      uses,
      effect: 'change',
      with: {},
      at: site,
      hosts: {},
      timeout: 30_000,
      retry: { times: 2, wait: 1000 },
      provides: [],
      requires: [],
      commits: false,
      outage: false,
      undo: false,
      promotes: false,
      ...action,
    },
    else: [],
    proofs: [],
    summary: `${uses} at ${site}`,
    ...rest,
  };
}

export function gate(id: string, title: string, needs: readonly string[]): PlanNode {
  return {
    kind: 'gate',
    id,
    title,
    needs,
    remaining: 0,
    line: 1,
    approvers: ['dr-leads'],
    count: 1,
    show: [],
    onExpiry: { then: 'abort' },
  };
}

/** A history that fits a journal: each attempt one activity, each counted decision one signal of its sender. */
export function history(
  entries: readonly Entry[],
  tries: Readonly<Record<string, { attempt: number; lastFailure: string }>> = {},
): HistoryFact[] {
  const facts: HistoryFact[] = [];
  let eventId = 0;
  const add = (
    time: string,
    fact: Plain<HistoryFact> extends infer F ? (F extends unknown ? Omit<F & object, 'eventId'> : never) : never,
  ) => {
    facts.push({ eventId: ++eventId, at: time, ...fact } as HistoryFact);
    return eventId;
  };
  const begun = new Map<string, { event: number; at: string; worker: string }>();
  for (const entry of entries) {
    if (entry.what === 'started') {
      add(entry.at, {
        what: 'run-started',
        workflowId: 'failover-orders',
        runId: '019aad2e-77b0-7c3e-9d51-6f0f1be1a001',
        firstRunId: '019aad2e-77b0-7c3e-9d51-6f0f1be1a001',
        identity: entry.by,
        principal: null,
      });
      add(entry.at, { what: 'workflow-task', identity: workers.b });
    } else if (entry.what === 'begun') {
      const event = add(entry.at, {
        what: 'activity-scheduled',
        activityId: `${eventId}`,
        activityType: `${entry.uses}.execute`,
        queue: `lifeboat-${entry.site}`,
        step: { id: entry.step, attempt: entry.attempt },
      });
      begun.set(entry.step, { event, at: entry.at, worker: entry.site === 'site-a' ? workers.a : workers.b });
    } else if (entry.what === 'done' || entry.what === 'failed') {
      const open = begun.get(entry.step);
      if (!open) continue;
      begun.delete(entry.step);
      const tried = tries[entry.step];
      add(open.at, {
        what: 'activity-started',
        scheduledEventId: open.event,
        attempt: tried?.attempt ?? 1,
        identity: open.worker,
        lastFailure: tried?.lastFailure ?? null,
      });
      add(entry.at, {
        what: 'activity-closed',
        scheduledEventId: open.event,
        outcome: entry.what === 'done' ? 'completed' : 'failed',
        identity: open.worker,
        failure: entry.what === 'failed' ? entry.problem : null,
      });
    } else if (entry.what === 'decided') {
      add(entry.at, {
        what: 'signal',
        name: `${entry.choice} ${entry.question} #${entry.attempt}`,
        identity: entry.by,
        principal: entry.how === 'attested' ? entry.by : null,
      });
    }
  }
  return facts;
}

export interface Sample extends Material {
  readonly name: string;
}

export function sample(
  name: string,
  steps: readonly PlanNode[],
  entries: readonly Moment[],
  change: Partial<PlanHeader> = {},
  tries: Parameters<typeof history>[1] = {},
): Sample {
  const made = journal(entries);
  return {
    name,
    plan: header(change),
    steps,
    journal: made,
    history: history(made, tries),
    link: 'http://127.0.0.1:8233/namespaces/default/workflows/failover-orders/019aad2e',
  };
}
