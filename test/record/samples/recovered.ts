import { type Moment, at, sample } from '../build.ts';
import { alice, answered, asked, begun, bob, done, failed, opening, proof, refused, shown, steps } from './common.ts';

const busy = 'The controller of a-db answered 503 for 3 s: it is busy; retry, or cut the power by hand.';
const outage = {
  failedAt: at(-8.7),
  lastGoodAt: at(-8.8),
  servedAt: at(103.1),
  every: 100,
  markers: { acknowledged: 4210, kept: 4208, lost: [at(-8.9), at(-8.8)], lostCount: 2, unexpected: 1 },
  clockOffset: 3,
};

export const moments: Moment[] = [
  ...opening('unplanned', [
    ['facts', 'site-b', true, 'b-db answers as a standby, PostgreSQL 18.6.'],
    ['fence', 'site-b', true, 'The controller of a-db answers; a-db does not start its database at boot.'],
    ['promote', 'site-b', true, 'The user may call pg_promote on b-db.'],
  ]),
  begun(0.57, 'facts', 'postgres.check'),
  done(2.9, 'facts', 'postgres.check', ['b-db is a standby on timeline 1, 0 bytes behind what it received.'], {
    outputs: { role: 'standby', lag: 0 },
  }),
  asked(2.95, 'cut-over', 'gate', 'Move orders from site-a to site-b', shown),
  refused(31.2, 'approve', alice, 'started this run, and nobody approves their own'),
  ...answered(94.15, 'cut-over', 'approve', bob, 'attested'),
  begun(94.2, 'fence', 'power.off'),
  refused(96.4, 'refuse', 'carol@example.com', 'late: the gate had been approved 2 s before', 'Wait for the network team'),
  failed(97.3, 'fence', 'power.off', 'controller-busy', busy),
  asked(97.35, 'fence', 'intervention', 'Step fence failed', { Problem: busy }),
  ...answered(100.95, 'fence', 'retry', bob, 'attested'),
  begun(101, 'fence', 'power.off', 'site-b', 2),
  done(101.95, 'fence', 'power.off', proof.evidence, { attempt: 2, proofs: [proof] }),
  begun(102, 'promote', 'postgres.promote'),
  done(
    102.85,
    'promote',
    'postgres.promote',
    ['b-db is on timeline 2 and accepts writes.', 'The fence of a-db was read again 0.2 s before.'],
    {
      outputs: { timeline: 2, lsn: '0/5000148' },
    },
  ),
  [102.86, { what: 'serving', site: 'site-b', note: 'b-db accepts writes on timeline 2.' }],
  begun(102.9, 'rows', 'postgres.check'),
  begun(102.9, 'reachable', 'tcp.check'),
  done(102.98, 'reachable', 'tcp.check', ['Port 5432 of b-db accepts connections.']),
  done(103.4, 'rows', 'postgres.check', ['select count(*) > 0 from orders: true.']),
  begun(103.45, 'tell', 'notify.webhook'),
  done(103.8, 'tell', 'notify.webhook', ['hooks.example.com answered 200.']),
  [104.6, { what: 'measured', outage, note: '' }],
  [104.62, { what: 'not-proven', step: 'tell', why: 'That anybody read the message.' }],
  [
    104.65,
    { what: 'ended', verdict: 'recovered, unprotected', why: 'b-db accepts writes and a-db is fenced; nothing replicates from b-db yet.' },
  ],
];

const tries = { facts: { attempt: 2, lastFailure: 'b-db did not answer within 2 s.' } };

/** An unplanned failover that recovered: a retry, a fence that took two attempts, a late press, two markers lost. */
export const recovered = sample('recovered', steps, moments, {}, tries);

/** The same, of a system that nothing probes. */
export const unprobed = sample(
  'unprobed',
  steps,
  moments.map(([seconds, entry]) =>
    entry.what === 'measured'
      ? [seconds, { ...entry, outage: null, note: 'The system has no probe: nothing measured it from outside.' }]
      : [seconds, entry],
  ),
  {},
  tries,
);
