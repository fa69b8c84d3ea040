import assert from 'node:assert/strict';
import { ChoiceError } from '../../plan/choose.ts';
import { compileWhole } from '../../plan/compile.ts';
import { parseInventory, parseRunbooks } from '../../plan/load.ts';
import type { Kind } from '../../plan/plan.ts';
import { printProblem, Problems } from '../../plan/problem.ts';
import { siteRunbook, type SiteRunbook } from '../../plan/site.ts';
import { types } from './types.ts';

const pair = 'postgres: { members: { site-a: a-db, site-b: b-db }, data: /data, login: { user: lifeboat } }';
const inventoryText = (systems: string): string => `
sites: { site-a: { kind: physical }, site-b: { kind: physical } }
people: { leads: [alice, bob], dbas: [carol, dave] }
hosts:
  a-db: { site: site-a, address: 10.77.1.11 }
  b-db: { site: site-b, address: 10.77.2.11 }
systems:
${systems}`;
const systems = `  names: { tier: 0, ${pair} }
  orders: { tier: 1, ${pair} }
  bills: { tier: 1, depends-on: [orders, elsewhere], when-it-fails: go-on, ${pair} }
  far: { tier: 1, ${pair} }
  lost: { tier: 2, ${pair} }
  bare: { tier: 2, ${pair} }
`;
const gated = (approvers: string, count = 1): string => `  - { id: ok, gate: Go?, approvers: [${approvers}], count: ${count} }\n`;
const runbook = (name: string, on: string, steps: string, kind = 'failover'): string =>
  `runbook: ${name}\nkind: ${kind}\nsystem: ${on}\ndescription: Moves it.\nsteps:\n${steps}  - { id: go, uses: test.wait }\n`;
const texts = [
  runbook('move', '[names, orders, far, lost]', gated('dbas', 2)),
  runbook('bills-move', 'bills', gated('dbas')),
  runbook('back', '[orders, far]', gated('leads'), 'failback'),
  runbook('save', '[orders, bills]', '', 'backup'),
];

describe('the run of a whole site', () => {
  it('moves every system that serves there tier by tier, each after what it depends on, with one gate a tier', () => {
    const { data } = made('failover').runbook;
    assert.deepEqual(
      data.steps.map(({ id, needs }) => [id, ...needs]),
      [
        ['tier-0'],
        ['system-names', 'tier-0'],
        ['tier-1', 'system-names'],
        ['system-orders', 'tier-1'],
        ['system-bills', 'tier-1', 'system-orders'],
      ],
    );
  });

  it('asks at each gate as many people as the gates of its runbooks, and of their roles where these agree', () => {
    const gates = made('failover').runbook.data.steps.filter((step) => 'gate' in step);
    assert.deepEqual(
      gates.map(({ count, approvers }) => [count, approvers]),
      [
        [2, ['dbas']],
        [2, ['dbas']],
      ],
    );
  });

  it('names what it leaves, and why, at the first gate and in the warnings of its plan', () => {
    const { runbook: file, notes } = made('failover');
    const [gate] = file.data.steps;
    assert.deepEqual(notes, ['lost is not moved: nobody answers']);
    assert.ok(gate && 'gate' in gate && gate.show.includes('lost is not moved: nobody answers'));
    const { plan } = compiled('failover');
    assert.ok(plan.warnings.includes('lost is not moved: nobody answers'));
    assert.equal(plan.whole, 'site-a');
  });

  it('holds or goes on as each system says, and knows its children by their digests', () => {
    const { plan, children } = compiled('failover');
    const branches = plan.steps.flatMap((node) => (node.kind === 'branch' ? [node] : []));
    assert.deepEqual(
      branches.map(({ id, whenItFails }) => [id, whenItFails]),
      [
        ['system-names', 'hold'],
        ['system-orders', 'hold'],
        ['system-bills', 'go-on'],
      ],
    );
    for (const { id, children: all } of branches)
      assert.deepEqual(
        all.map(({ digest }) => digest),
        children.get(id)!.map(({ digest }) => digest),
      );
  });

  it('takes back what can return there', () => {
    assert.deepEqual(
      made('failback').runbook.data.steps.map(({ id }) => id),
      ['tier-1', 'system-far'],
    );
  });

  it('backs up without asking anybody, and all at once', () => {
    const { runbook: file, notes } = made('backup');
    assert.deepEqual(
      file.data.steps.map(({ id, needs }) => [id, ...needs]),
      [['system-orders'], ['system-bills']],
    );
    assert.ok(notes.some((note) => /^names is not backed up: .*no runbook of the kind backup/u.test(note)));
  });

  it('is refused where nothing there can be moved, with why', () => {
    assert.throws(
      () => made('failover', []),
      (error: unknown) => error instanceof ChoiceError && /nothing of site-a can be moved: names is not moved/u.test(error.message),
    );
  });
});

describe('the order of systems in an inventory', () => {
  const cases = [
    [
      'depends on a later tier',
      `  a: { tier: 0, depends-on: [b], ${pair} }\n  b: { tier: 1, ${pair} }\n`,
      /"a" of tier 0 depends on "b" of tier 1/u,
    ],
    [
      'goes round in a circle',
      `  a: { depends-on: [b], ${pair} }\n  b: { depends-on: [a], ${pair} }\n`,
      /depend on each other: .*a.* → .*b/u,
    ],
    ['has a system called like a site', `  site-a: { ${pair} }\n`, /a system cannot be called "site-a"/u],
    ['has a system called like the lock of a site', `  site-site-a: { ${pair} }\n`, /a system cannot be called "site-site-a"/u],
  ] as const;
  for (const [what, text, problem] of cases)
    it(`is refused where it ${what}`, () => {
      const problems = new Problems();
      parseInventory('inventory.yaml', inventoryText(text), problems);
      assert.match(problems.sorted().map(printProblem).join('\n'), problem);
    });
});

function given(kind: Kind, files: readonly string[]) {
  const problems = new Problems();
  const inventory = parseInventory('inventory.yaml', inventoryText(systems), problems)!;
  const runbooks = files.flatMap((text, n) => parseRunbooks(`r${n}.yaml`, text, problems));
  assert.deepEqual(problems.sorted().map(printProblem), []);
  const here = { source: 'site-a', target: 'site-b' };
  const directions = new Map([
    ['names', here],
    ['orders', here],
    ['bills', here],
    ['far', { source: 'site-b', target: 'site-a' }],
  ]);
  return { site: 'site-a', kind, inventory, runbooks, directions, unknown: new Map([['lost', 'nobody answers']]) };
}

function made(kind: Kind, files: readonly string[] = texts): SiteRunbook {
  return siteRunbook(given(kind, files));
}

function compiled(kind: Kind) {
  const whole = given(kind, texts);
  const { runbook: file, notes } = siteRunbook(whole);
  return compileWhole({ ...whole, runbook: file, notes, types, source: 'site-a', target: 'site-b', whole: 'site-a' });
}
