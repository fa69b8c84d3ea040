import type { Found, Promised, SystemState } from '../../workflows/wire.ts';
import { shared } from '../../workflows/system/give-back.ts';
import { unknown } from '../../workflows/system/rebuild.ts';
import type { ReturnRequest } from '../../workflows/system/requests.ts';
import { settle } from '../../workflows/system/settle.ts';

export const day = 86_400_000;
const start = Date.parse('2026-03-01T03:00:00.000Z');
/** So many days after the beginning, ISO. */
export const on = (days: number): string => new Date(start + days * day).toISOString();
export const notify = { 'on-call': { webhook: 'http://127.0.0.1:1/hook' } };
export const blank: SystemState = { ...unknown('orders'), active: 'site-a', notify };
export const back = (change: Partial<ReturnRequest> = {}): ReturnRequest => ({
  system: 'orders',
  epoch: 0,
  serving: 'site-a',
  verdict: 'recovered',
  fences: [],
  workflowId: 'w',
  runId: `run-${(runs += 1)}`,
  ...change,
});
let runs = 0;
export const walked = (change: object = {}) => ({
  runbook: 'orders-failover',
  mode: 'planned' as const,
  durations: { promote: 1_000 },
  recovery: { time: 4_000, point: 0 },
  ...change,
});
export const found = (subject: string, weight: Found['weight'] = 'must'): Found => ({
  subject,
  code: 'broken',
  weight,
  text: `${subject} is broken`,
});
export const rehearsed = (passed: boolean, all: readonly Found[], tried: readonly string[]) =>
  back({ verdict: passed ? 'rehearsed' : 'failed', rehearsed: { ...walked(), passed, found: all, tried } });
export const promising = (promised: Promised): SystemState => shared(blank, back({ promised }), on(0));
export const tick = (state: SystemState, days: number) => settle(state, state, on(days));
