import assert from 'node:assert/strict';
import { dashboard, type Overview } from '../../record/dashboard/dashboard.ts';
import { standings } from '../../record/dashboard/standing.ts';
import type { Summary } from '../../workflows/wire.ts';
import { ago, now, overview, summary } from './samples/overview.ts';

const day = 86_400_000;
const of = (...all: Summary[]): ReadonlyMap<string, Summary> => new Map(all.map((one) => [one.system, one]));
const worriesOf = (one: Partial<Summary>): string[] =>
  standings(of(summary('orders', one)), [], now.getTime())[0]!.worries.map(({ tone, text }) => `${tone}: ${text}`);

describe('how systems stand', () => {
  it('is told with the worst first, those that nobody ever saw among them', () => {
    const all = standings(overview.systems, overview.written, now.getTime());
    assert.deepEqual(
      all.map(({ system, tone }) => `${system} ${tone}`),
      ['orders bad', 'billing bad', 'payroll bad', 'files mixed', 'ledger mixed', 'shop good'],
    );
    assert.match(all[2]!.worries[0]!.text, /no run of it was ever seen/u);
  });

  for (const [what, given, expected] of [
    ['all is well', {}, []],
    [
      'a proof is older than promised',
      { proven: { backup: ago(3 * day) } },
      ['bad: its backup was last proven 3 d ago, promised every 2 d'],
    ],
    [
      'something was never proven, and is due',
      { proven: {}, alarms: ['rehearsal'] as const },
      ['bad: its rehearsal was never proven, promised every 35 d'],
    ],
    ['something was never proven, and is not due yet', { proven: {} }, []],
    ['it is not ready', { ready: false, because: 'no worker at site-b' }, ['bad: not ready: no worker at site-b']],
    ['nothing follows it', { unprotectedSince: ago(2 * 3_600_000) }, ['bad: unprotected for 2 h']],
    ['it was stopped', { stopped: 'alice: the array is being moved' }, ['bad: stopped by alice: the array is being moved']],
    [
      'findings are open',
      { findings: { open: 3, must: 1, accepted: 4 } },
      ['bad: 1 finding to be mended before the next run', 'mixed: 2 open findings'],
    ],
    ['a fence stands', { fences: 1 }, ['mixed: 1 fence stands']],
    ['nobody knows who serves', { active: null }, ['mixed: not known where it is served']],
    ['nothing was ever promised', { promised: {} }, ['mixed: nothing is promised of it, so nothing is watched']],
  ] as const)
    it(`is told where ${what}`, () => assert.deepEqual(worriesOf(given), expected));
});

describe('the dashboard', () => {
  const page = (given: Partial<Overview> = {}): string => dashboard({ ...overview, ...given }, now);
  const text = (html: string): string =>
    html
      .replace(/<style>.*?<\/style>/su, '')
      .replaceAll(/<[^>]+>/gu, ' ')
      .replaceAll(/\s+/gu, ' ');

  it('begins with how many systems cannot be relied upon, and with the worst', () => {
    assert.match(
      text(page()),
      /Can we recover\? 2026-11-23 10:00 UTC 3 of 6 systems could not be relied upon First of all, orders : not ready/u,
    );
    const well = page({ systems: of(summary('a'), summary('b')), written: ['a'], findings: [] });
    assert.match(text(well), /All 2 systems are proven as promised/u);
    assert.match(well, /<body class="good">/u);
    assert.match(text(page({ systems: new Map(), written: [], findings: [] })), /Nothing is protected yet/u);
  });

  it('shows findings with owner and due date, what comes next, what is paused, and the head of each chain of records', () => {
    const shown = text(page());
    assert.match(shown, /must be mended : The copy has 1,204 rows where production has 51,877\. owner: alice@example\.com due 2026-11-20/u);
    assert.match(shown, /risk accepted by bob@example\.com until 2027-01-31/u);
    assert.match(shown, /orders-rehearsal paused: until the new disks are in \(alice\)/u);
    assert.match(shown, /shop-rehearsal 2026-12-06 03:00 UTC in 12 d 17 h/u);
    assert.match(shown, new RegExp(`shop:41:${'ab'.repeat(32)}`, 'u'));
  });

  it('draws recovery time and point of the last runs, and says how the last stands to those of its kind that went well before', () => {
    const shown = page();
    assert.match(text(shown), /recovery time 33 s , as usual/u);
    assert.match(text(shown), /recovery time 1 min 11 s , failed/u, 'what failed is no measure');
    assert.match(text(shown), /data lost 420 ms/u);
    assert.match(shown, /2026-11-01: 1 min 11 s, rehearsal, failed/u);
  });

  it('says so where findings could not be read, or nothing is scheduled', () => {
    assert.match(text(page({ findings: [], findingsMissing: 'No worker answers.' })), /is not mended No worker answers\./u);
    assert.match(text(page({ coming: [] })), /Nothing is scheduled: what nobody begins is not done/u);
    const unread = text(page({ coming: [], comingMissing: 'Schedules could not be read.' }));
    assert.match(unread, /Schedules could not be read/u);
    assert.doesNotMatch(unread, /Nothing is scheduled/u);
  });

  it('needs nothing but itself, and takes no word for markup', () => {
    const shown = page();
    assert.doesNotMatch(shown, /<(?:script|link|img|iframe)|url\((?!#)|https?:/u);
    assert.match(shown, /&lt;b&gt;The newest copy&lt;\/b&gt;/u);
  });
});
