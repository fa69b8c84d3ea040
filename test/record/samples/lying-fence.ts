import { at, sample } from '../build.ts';
import { answered, asked, begun, done, failed, opening, shown, steps } from './common.ts';

const lies =
  'The controller of a-db says that the power is off, but a-db still greets on port 22: do not promote; cut its power by hand and see it off.';
const outage = {
  failedAt: at(-12),
  lastGoodAt: at(-12.1),
  servedAt: null,
  every: 100,
  markers: { acknowledged: 900, kept: 0, lost: [], lostCount: 0, unexpected: 0 },
  clockOffset: null,
};

/** An unplanned failover whose fence lied: nobody could prove the old primary dead, and it was aborted. */
export const lyingFence = sample(
  'lying-fence',
  steps,
  [
    ...opening('unplanned', [
      ['fence', 'site-b', true, 'The controller of a-db answers.'],
      ['quiesce', 'site-a', false, 'a-db does not answer on port 5432.'],
    ]),
    begun(0.7, 'facts', 'postgres.check'),
    done(0.9, 'facts', 'postgres.check', ['b-db is a standby.']),
    asked(1, 'cut-over', 'gate', 'Move orders from site-a to site-b', shown),
    ...answered(22, 'cut-over', 'approve', '', 'anonymous'),
    begun(22.1, 'fence', 'power.off'),
    failed(25.4, 'fence', 'power.off', 'fence-lies', lies),
    begun(25.5, 'fence', 'fence.manual', 'site-b', 2),
    asked(25.5, 'fence', 'task', 'See a-db off: two people look at the machine', {}, 2),
    [312, { what: 'reminded', question: 'fence', attempt: 1, note: 'dr-leads, dbas' }],
    ...answered(640, 'fence', 'abort', '', 'anonymous'),
    failed(640.1, 'fence', 'fence.manual', 'cancelled', 'Aborted by a person before anybody had seen a-db off.', 2),
    [640.2, { what: 'serving', site: null, note: 'a-db refuses writes and b-db was not promoted.' }],
    [642, { what: 'measured', outage, note: '' }],
    [642.1, { what: 'ended', verdict: 'aborted', why: 'No proof could be had that a-db cannot write: its controller lies.' }],
  ],
  { decisions: 'anonymous', objectives: { recoveryTime: 300_000 } },
);
