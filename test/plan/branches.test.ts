import assert from 'node:assert/strict';
import { compileWhole } from '../../plan/compile.ts';
import type { Whole } from '../../plan/compile.ts';
import { lint } from '../../plan/lint.ts';
import { parseInventory, parseRunbooks } from '../../plan/load.ts';
import type { InventoryFile, RunbookFile } from '../../plan/load.ts';
import type { Branch, Step } from '../../plan/plan.ts';
import { PlanError, printProblem, Problems } from '../../plan/problem.ts';
import { bytes } from '../../plan/lint/limits.ts';
import { types } from './types.ts';

const hosts = (count: number): string =>
  Array.from({ length: count }, (_, n) => `  w${n}: { site: site-a, address: 10.0.${n >> 8}.${n & 255}, tags: [web] }\n`).join('');

const inventoryText = (more = ''): string => `
sites:
  site-a: { kind: physical, limits: { steps: 4 } }
  site-b: { kind: physical }
people: { leads: [alice, bob], dbas: [carol] }
hosts:
  a-db: { site: site-a, address: 10.77.1.11 }
  b-db: { site: site-b, address: 10.77.2.11 }
${hosts(3)}${more}systems:
  orders:
    postgres: { members: { site-a: a-db, site-b: b-db }, data: /data, login: { user: lifeboat } }
    resources: { site-a: { disks: [d-1, d-2], none: [] }, site-b: { disks: [d-9], none: [] } }
  bills: { tier: 2, when-it-fails: go-on, postgres: { members: { site-a: a-db, site-b: b-db }, data: /data, login: { user: lifeboat } } }
  mails: { tier: 2, postgres: { members: { site-a: a-db, site-b: b-db }, data: /data, login: { user: lifeboat } } }
`;

const head = (name: string, system: string, kind = 'failover'): string =>
  `runbook: ${name}\nkind: ${kind}\nsystem: ${system}\ndescription: Moves it.\nsteps:\n`;
const wave = (each: string, more = ''): string =>
  `${head('r', 'orders')}  - { id: many, uses: test.wait, for-each: ${each}, with: { text: "on \${{ item }}" }${more} }\n`;
const move = '  - { id: go, uses: test.wait }\n';

interface Given {
  readonly inventory?: string;
  /** Further runbooks. */
  readonly others?: readonly string[];
  readonly parameters?: { readonly [name: string]: string };
}

describe('a step that is carried out for each of many', () => {
  it('becomes a branch whose children hold a step for each item, by its name', () => {
    const { plan, children } = made(wave('[x, y]'));
    const node = branchOf(plan.steps, 'many');
    assert.deepEqual([node.of, node.children.length, node.children[0]?.steps, node.uses], ['wave', 1, 2, 'test.wait']);
    assert.deepEqual(
      stepsOf(children, 'many').map(({ action }) => action.with['text']),
      ['on x', 'on y'],
    );
  });

  it('takes its items from what the system has at a site, from tags of hosts, from systems and from maps', () => {
    const texts = (each: string, text: string): unknown[] =>
      stepsOf(made(wave(each).replace('on ${{ item }}', text)).children, 'many').map(({ action }) => action.with['text']);
    assert.deepEqual(texts('"${{ source.resources.disks }}"', '${{ item }}'), ['d-1', 'd-2']);
    assert.deepEqual(texts('{ hosts: { tag: web } }', '${{ item }}'), ['w0', 'w1', 'w2']);
    assert.deepEqual(texts('{ systems: [bills, orders] }', '${{ item }}'), ['bills', 'orders']);
    assert.deepEqual(texts('{ systems: { tier: 2 } }', '${{ item }}'), ['bills', 'mails']);
    assert.deepEqual(texts('[{ name: one, size: 3 }, { name: two, size: 4 }]', '${{ item.name }} of ${{ item.size }}'), [
      'one of 3',
      'two of 4',
    ]);
  });

  it('is cut into children of at most 200 steps, each pinned by its digest in a plan that stays small', () => {
    const { plan, children } = made(wave('{ hosts: { tag: web } }'), { inventory: inventoryText(hosts(450).replaceAll('  w', '  v')) });
    const node = branchOf(plan.steps, 'many');
    assert.deepEqual(
      node.children.map(({ steps }) => steps),
      [200, 200, 53],
    );
    const plans = children.get('many')!;
    assert.deepEqual(
      node.children.map(({ digest }) => digest),
      plans.map(({ digest }) => digest),
    );
    assert.equal(new Set(plans.map(({ digest }) => digest)).size, 3);
    for (const one of plans) assert.ok(bytes(one) < 400 * 1024, `a child plan has ${bytes(one)} bytes`);
    assert.ok(bytes(plan.steps) < 4_000, `the parent's steps have ${bytes(plan.steps)} bytes`);
  });

  it('changes the digest of the plan where one item changes', () => {
    assert.notEqual(made(wave('[x, y]')).plan.digest, made(wave('[x, z]')).plan.digest);
    assert.equal(made(wave('[x, y]')).plan.digest, made(wave('[x, y]')).plan.digest);
  });

  it('has keys of its own: no step of the plan can have the id of one of its items', () => {
    const text = `${wave('[x]')}  - { id: many-1, uses: test.wait }\n`;
    const { plan, children } = made(text);
    const ids = [...plan.steps.map(({ id }) => id), ...stepsOf(children, 'many').map(({ id }) => id)];
    assert.equal(new Set(ids).size, ids.length, ids.join(' '));
  });

  for (const [what, each, problem] of [
    ['a list that names one twice', '[x, x]', /"x" stands twice in the list/],
    ['something that is no list', '"${{ target.site }}"', /this is no list/],
    ['what only the run will know', '"${{ steps.other.outputs.text }}"', /is known only while the run goes on/],
    ['systems that the inventory does not have', '{ systems: [gone] }', /the inventory has no system "gone"/],
    ['an empty list', '[]', /list is empty|nothing/],
    ['a tag that no host has', '{ hosts: { tag: gone } }', /list is empty|nothing/],
  ] as const)
    it(`is refused over ${what}`, () => assert.match(refused(wave(each)).join('\n'), problem));

  it('is warned of over a list of the inventory that is empty at one site: at the other it may not be', () => {
    const { inventory, runbooks } = files(wave('"${{ source.resources.none }}"'), {});
    const found = lint({ runbook: runbooks[0]!, runbooks, inventory, types });
    assert.deepEqual(found.problems, []);
    assert.match(found.warnings.map(printProblem).join('\n'), /list is empty/);
    const { plan } = made(wave('"${{ source.resources.none }}"'));
    assert.equal(branchOf(plan.steps, 'many').children.length, 0);
    assert.match(plan.warnings.join('\n'), /list is empty/);
  });

  it('is refused where the step asks people, or promotes', () => {
    const asks = `${head('r', 'orders')}  - { id: many, uses: manual.task, for-each: [x, y], with: { task: "\${{ item }}" } }\n`;
    assert.match(refused(asks).join('\n'), /manual\.task cannot be carried out for each of many: it asks people/);
    const promotes = `${head('r', 'orders')}  - { id: many, uses: postgres.promote, for-each: [b-db], with: { host: "\${{ item }}" } }\n`;
    assert.match(refused(promotes).join('\n'), /postgres\.promote cannot be carried out for each of many/);
  });

  it('is no gate: people are asked once, and not for each', () => {
    const text = `${head('r', 'orders')}  - { id: ok, gate: Go?, for-each: [x, y] }\n`;
    assert.match(refused(text).join('\n'), /for-each/);
  });

  it('holds `item` to it: elsewhere it stands for nothing', () => {
    const text = `${head('r', 'orders')}  - { id: a, uses: test.wait, with: { text: "\${{ item }}" } }\n`;
    assert.match(refused(text).join('\n'), /"item" stands for nothing here/);
  });

  it('is asked for its outputs by item', () => {
    const after = (ref: string): string =>
      `${wave('[x]')}  - { id: b, uses: test.wait, needs: [many], with: { text: "\${{ ${ref} }}" } }\n`;
    assert.deepEqual(refused(after('steps.many.outputs.items.x.text')), []);
    assert.match(refused(after('steps.many.outputs.text')).join('\n'), /stand by item/);
    assert.match(refused(after('steps.many.outputs.items.x.size')).join('\n'), /no output "size"/);
  });

  it('refers to what another put out for the same item', () => {
    const again =
      '  - { id: again, uses: test.wait, needs: [many], for-each: [x, y], with: { text: "${{ steps.many.outputs.item.text }}" } }\n';
    assert.deepEqual(refused(wave('[x, y]') + again), []);
    assert.deepEqual(
      stepsOf(made(wave('[x, y]') + again).children, 'again').map(({ action }) => action.with['text']),
      ['x', 'y'].map((item) => ({ $ref: ['steps', 'many', 'outputs', 'items', item, 'text'] })),
    );
    assert.match(refused(wave('[y]') + again).join('\n'), /"many" is not carried out for "x"/);
  });
});

describe('a step that runs another runbook', () => {
  const uses = (given: string, each = ''): string => `${head('all', 'orders')}  - { id: others, uses: runbook, ${each}with: ${given} }\n`;
  const bills = `${head('bills-move', 'bills')}${move}`;
  const both = `${head('both-move', '[bills, mails]')}${move}`;

  it('becomes a branch with a child run, which goes the way of its parent', () => {
    const { plan } = made(uses('{ runbook: bills-move, system: bills }'), { others: [bills] });
    const { of, children, whenItFails } = branchOf(plan.steps, 'others');
    const [child] = children;
    assert.deepEqual([of, children.length, whenItFails], ['runs', 1, 'go-on']);
    assert.deepEqual(
      [child?.system, child?.runbook, child?.kind, child?.source, child?.target, child?.steps],
      ['bills', 'bills-move', 'failover', 'site-a', 'site-b', 1],
    );
  });

  it('runs one runbook for each of several systems, which it names in a list', () => {
    const { plan } = made(uses('{ runbook: both-move, system: "${{ item }}" }', 'for-each: { systems: { tier: 2 } }, '), {
      others: [both],
    });
    assert.deepEqual(
      branchOf(plan.steps, 'others').children.map(({ system, name }) => [system, name]),
      [
        ['bills', 'bills'],
        ['mails', 'mails'],
      ],
    );
  });

  it('hands parameters on, and is refused where the other does not take them', () => {
    const other = bills.replace('steps:', 'parameters: { why: { type: string, description: Why., required: true } }\nsteps:');
    const { plan } = made(uses('{ runbook: bills-move, system: bills, parameters: { why: drill } }'), { others: [other] });
    assert.deepEqual(branchOf(plan.steps, 'others').children[0]?.parameters, { why: 'drill' });
    assert.throws(() => made(uses('{ runbook: bills-move, system: bills }'), { others: [other] }), /"why" must be given/);
  });

  it('changes the digest of its parent where the other runbook changes', () => {
    const of = (text: string): string => made(uses('{ runbook: bills-move, system: bills }'), { others: [text] }).plan.digest;
    assert.notEqual(of(bills), of(bills.replace('id: go', 'id: went')));
  });

  it('is refused where the other is not known, is not for the system, or is not right', () => {
    const others = [bills];
    assert.match(
      refused(uses('{ runbook: bils-move, system: bills }'), { others }).join('\n'),
      /there is no runbook "bils-move": did you mean "bills-move"\?/,
    );
    assert.match(
      refused(uses('{ runbook: bills-move, system: mails }'), { others }).join('\n'),
      /is for the system "bills", not for "mails"/,
    );
    assert.match(refused(uses('{ system: bills }'), { others }).join('\n'), /which runbook is not said/);
    assert.match(
      refused(uses('{ runbook: bills-move, systm: bills }'), { others }).join('\n'),
      /no field "systm" — did you mean "system"\?/,
    );
  });

  it('is refused where runbooks call each other in a circle, however long', () => {
    const a = `${head('a', 'orders')}  - { id: b, uses: runbook, with: { runbook: b, system: bills } }\n`;
    const b = `${head('b', 'bills')}  - { id: c, uses: runbook, with: { runbook: c, system: mails } }\n`;
    const c = `${head('c', 'mails')}  - { id: a, uses: runbook, with: { runbook: a, system: orders } }\n`;
    assert.throws(() => made(a, { others: [b, c] }), /the runbooks call each other/);
    assert.match(refused(a, { others: [b, c] }).join('\n'), /the runbooks call each other/);
  });

  it('is refused where the system is the one that its parent holds', () => {
    const again = `${head('again', 'orders')}${move}`;
    assert.match(refused(uses('{ runbook: again, system: orders }'), { others: [again] }).join('\n'), /orders/);
  });
});

function files(text: string, { inventory, others = [] }: Given): { inventory: InventoryFile; runbooks: readonly RunbookFile[] } {
  const problems = new Problems();
  const read = parseInventory('inventory.yaml', inventory ?? inventoryText(), problems);
  const runbooks = [text, ...others].flatMap((one, n) => parseRunbooks(`r${n}.yaml`, one, problems));
  if (read === undefined || problems.list.length > 0) throw new PlanError(problems.sorted());
  return { inventory: read, runbooks };
}

function made(text: string, given: Given = {}): Whole {
  const { inventory, runbooks } = files(text, given);
  return compileWhole({ runbook: runbooks[0]!, runbooks, inventory, types, source: 'site-a', target: 'site-b' });
}

/** What is refused, by the loader or the linter. */
function refused(text: string, given: Given = {}): string[] {
  try {
    const { inventory, runbooks } = files(text, given);
    return lint({ runbook: runbooks[0]!, runbooks, inventory, types }).problems.map(printProblem);
  } catch (error) {
    if (error instanceof PlanError) return error.problems.map(printProblem);
    throw error;
  }
}

function branchOf(nodes: Whole['plan']['steps'], id: string): Branch {
  const node = nodes.find((one) => one.id === id);
  if (node?.kind !== 'branch') throw new Error(`no branch ${id}`);
  return node;
}

function stepsOf(children: Whole['children'], id: string): Step[] {
  return (children.get(id) ?? []).flatMap(({ steps }) => steps.filter((node) => node.kind === 'step'));
}
