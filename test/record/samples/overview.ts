import type { Overview } from '../../../record/dashboard/dashboard.ts';
import type { Finding, Summary } from '../../../workflows/wire.ts';

export const now = new Date('2026-11-23T10:00:00.000Z');
const hour = 3_600_000;
const day = 24 * hour;
export const ago = (milliseconds: number): string => new Date(now.getTime() - milliseconds).toISOString();

/** A system with which all is well. */
export function summary(system: string, given: Partial<Summary> = {}): Summary {
  return {
    system,
    active: 'site-a',
    epoch: 12,
    holder: null,
    fences: 0,
    unprotectedSince: null,
    proven: { backup: ago(9 * hour), rehearsal: ago(22 * day), exercise: ago(120 * day), readiness: ago(20 * 60_000) },
    promised: { backup: 2 * day, rehearsal: 35 * day, exercise: 370 * day, readiness: hour },
    ready: true,
    because: '',
    alarms: [],
    findings: { open: 0, must: 0, accepted: 0 },
    rest: null,
    stopped: null,
    head: { count: 41, digest: 'ab'.repeat(32), at: ago(9 * hour) },
    lastRun: { run: `backup-${system}`, verdict: 'proven', at: ago(9 * hour) },
    trend: [31_000, 29_500, 30_200, 28_800, 33_000].map((time, n) => ({ at: ago((5 - n) * 30 * day), live: n === 2, time, good: true })),
    ...given,
  };
}

export function finding(subject: string, code: string, given: Partial<Finding> = {}): Finding {
  return {
    id: `orders-failover/${subject}/${code}`,
    runbook: 'orders-failover',
    subject,
    code,
    weight: 'must',
    text: 'The copy has 1,204 rows where production has 51,877.',
    state: 'open',
    firstSeen: ago(22 * day),
    lastSeen: ago(22 * day),
    times: 1,
    run: 'rehearsal-orders',
    owner: null,
    due: null,
    word: null,
    ...given,
  };
}

/** An estate in which a little of everything is wrong. */
export const overview: Overview = {
  systems: new Map<string, Summary | null>([
    ['shop', summary('shop', { active: 'us-east-1' })],
    [
      'orders',
      summary('orders', {
        alarms: ['rehearsal'],
        proven: { backup: ago(9 * hour), rehearsal: ago(51 * day), readiness: ago(10 * 60_000) },
        findings: { open: 3, must: 1, accepted: 1 },
        ready: false,
        because: 'b-db follows a-db 14 minutes behind',
        holder: 'rehearsal-orders',
        lastRun: { run: 'rehearsal-orders', verdict: 'failed', at: ago(22 * day) },
        trend: [
          { at: ago(140 * day), live: false, time: 24_000, good: true },
          { at: ago(110 * day), live: true, time: 61_000, point: 0, good: true },
          { at: ago(80 * day), live: true, time: 58_000, point: 420, good: true },
          { at: ago(51 * day), live: false, time: 23_000, good: true },
          { at: ago(22 * day), live: false, time: 71_000, good: false },
        ],
      }),
    ],
    ['billing', summary('billing', { active: 'site-b', unprotectedSince: ago(3 * day + 4 * hour), fences: 1 })],
    ['files', summary('files', { findings: { open: 2, must: 0, accepted: 0 }, trend: [], head: null })],
    ['ledger', null],
  ]),
  written: ['orders', 'billing', 'files', 'shop', 'ledger', 'payroll'],
  findings: [
    { system: 'orders', finding: finding('rows', 'content-differs', { owner: 'alice@example.com', due: '2026-11-20' }) },
    {
      system: 'orders',
      finding: finding('promote', 'slower', { weight: 'should', text: 'It took 41 s; the last runs took 12 s.', times: 2 }),
    },
    {
      system: 'orders',
      finding: finding('tell', 'not-proven', {
        weight: 'note',
        text: 'No message was sent.',
        state: 'accepted',
        word: { by: 'bob@example.com', at: ago(20 * day), reason: 'known', until: '2027-01-31' },
      }),
    },
    {
      system: 'files',
      finding: finding('store b', 'backup-stale', {
        weight: 'should',
        runbook: 'readiness',
        text: '<b>The newest copy</b> is 3 days old.',
      }),
    },
  ],
  findingsMissing: null,
  comingMissing: null,
  coming: [
    { name: 'orders-rehearsal', at: null, paused: 'until the new disks are in (alice)' },
    { name: 'orders-backup', at: '2026-11-23T23:00:00.000Z', paused: null },
    { name: 'shop-rehearsal', at: '2026-12-06T03:00:00.000Z', paused: null },
  ],
};
