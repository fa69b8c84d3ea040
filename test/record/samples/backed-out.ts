import { at, sample } from '../build.ts';
import { answered, asked, begun, bob, done, failed, opening, steps } from './common.ts';

const refusal = 'b-db refused pg_promote: permission denied for function pg_promote; grant it to lifeboat.';
const outage = {
  failedAt: at(48.4),
  lastGoodAt: at(48.3),
  servedAt: at(68.6),
  every: 100,
  markers: { acknowledged: 900, kept: 900, lost: [], lostCount: 0, unexpected: 0 },
  clockOffset: -1,
};

/** A planned switchover that could not promote within its outage limit and backed out by itself. */
export const backedOut = sample(
  'backed-out',
  steps,
  [
    ...opening('planned', [['quiesce', 'site-a', true, 'a-db is a primary, and its service can be stopped.']]),
    begun(1, 'facts', 'postgres.check'),
    done(1.3, 'facts', 'postgres.check', ['b-db is a standby, 0 bytes behind.']),
    asked(1.4, 'cut-over', 'gate', 'Move orders from site-a to site-b', { 'Data at risk': 'none' }),
    ...answered(48, 'cut-over', 'approve', bob, 'stated'),
    begun(48.1, 'quiesce', 'postgres.quiesce', 'site-a'),
    done(50.2, 'quiesce', 'postgres.quiesce', ['a-db is shut down; b-db replayed its shutdown checkpoint 0/6000028.']),
    begun(50.3, 'promote', 'postgres.promote'),
    failed(66, 'promote', 'postgres.promote', 'promote-refused', refusal),
    [66.1, { what: 'serving', site: null, note: 'a-db is stopped and b-db was not promoted.' }],
    [68.9, { what: 'undone', step: 'quiesce', uses: 'postgres.quiesce', evidence: ['a-db runs again and accepts writes.'] }],
    [69, { what: 'serving', site: 'site-a', note: 'a-db accepts writes.' }],
    [70.2, { what: 'measured', outage, note: '' }],
    [
      70.3,
      { what: 'ended', verdict: 'backed out', why: 'b-db could not be promoted within 20 s; a-db serves again, and nothing was lost.' },
    ],
  ],
  { objectives: { recoveryTime: 60_000, recoveryPoint: 0, outage: 20_000 } },
);
