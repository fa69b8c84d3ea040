import assert from 'node:assert/strict';
import { join } from 'node:path';
import { types } from '../../activities/index.ts';
import { compile, compileWhole } from '../../plan/compile.ts';
import { systemFacts, waysOf } from '../../plan/facts.ts';
import { lint } from '../../plan/lint.ts';
import { loadFolder, type InventoryFile, type RunbookFile } from '../../plan/load.ts';
import type { Plan, PlanNode, Step } from '../../plan/plan.ts';
import { printProblem } from '../../plan/problem.ts';
import { rehearse } from '../../plan/rehearsal/rehearse.ts';
import type { CompileInput } from '../../plan/scope.ts';
import { inventory, runbook, whole } from './sample.ts';

const root = join(import.meta.dirname, '../..');

describe('the plan of a rehearsal', () => {
  for (const folder of ['runbooks', 'runbooks/two-sites', 'runbooks/hybrid', 'runbooks/cloud'])
    describe(`of ${folder}`, () => {
      let inputs: readonly CompileInput[];
      before(async () => {
        const { inventory, runbooks, problems } = await loadFolder(join(root, folder));
        assert.deepEqual(problems, []);
        inputs = runbooks.flatMap((runbook) => everyWay(runbook, inventory!).map((way) => ({ ...way, runbooks })));
        assert.ok(inputs.length > 2);
      });

      it('names no host of production in a step that acts', () => {
        for (const input of inputs)
          for (const step of acting(input))
            for (const host of Object.values(step.action.hosts))
              assert.ok(host.copyOf !== undefined, `${input.runbook.data.runbook}: ${step.id} acts on ${host.name}`);
      });

      it('keeps what it makes of a database away from where production has its own', () => {
        for (const input of inputs) {
          const { system, rehearsal } = rehearse(input).plan;
          assert.ok(rehearsal);
          const original = system.copies?.postgres?.original;
          if (original === undefined || system.postgres === undefined) continue;
          assert.notEqual(system.postgres.port, original.port);
          for (const directory of Object.values(original.data)) {
            assert.notEqual(system.postgres.data[input.target], directory);
            assert.ok(!system.copies!.root.startsWith(`${directory}/`));
          }
        }
      });

      it('says of every step that it does not carry out like a live run how it differs', () => {
        for (const input of inputs) {
          const live = new Map(compile(input).steps.map((node) => [node.id, node]));
          const { steps, rehearsal } = rehearse(input).plan;
          const told = new Set(rehearsal!.differs.map(({ step }) => step));
          for (const node of steps) {
            const same = live.has(node.id) && alike(live.get(node.id)!, node);
            assert.ok(same || told.has(node.id), `${input.runbook.data.runbook}: nothing is said of ${node.id}`);
          }
          for (const id of live.keys())
            assert.ok(
              steps.some((node) => node.id === id),
              `${id} is missing`,
            );
        }
      });

      it('is the same for the same files, and bears the digest of the live plan', () => {
        for (const input of inputs) {
          const [once, again] = [rehearse(input).plan, rehearse(input).plan];
          assert.equal(once.digest, again.digest);
          assert.equal(once.rehearsal?.of, live(input).digest);
          assert.notEqual(once.digest, live(input).digest);
        }
      });
    });
});

/** Two members with stores and saved files; `bills` is a neighbour of `orders` on b-db. The place of copies at site-b stands on line 28. */
const estate = `
sites:
  site-a: { kind: physical }
  site-b: { kind: physical }
  edge: { kind: physical }
people: { dr-leads: [alice@example.com] }
ssh: { port: 2222 }
hosts:
  a-db: { site: site-a, address: 10.77.1.11, power: { driver: redfish, address: "https://10.77.1.201" } }
  b-db: { site: site-b, address: 10.77.2.11, alive: 2300, power: { driver: redfish, address: "https://10.77.2.201" } }
  b-app: { site: site-b, address: 10.77.2.12 }
  b-spare: { site: site-b, address: 10.77.2.13 }
stores:
  b-backrest: { tool: pgbackrest, host: b-app, path: /var/lib/pgbackrest }
  b-files: { tool: restic, host: b-app, path: /srv/restic/files }
systems:
  orders:
    postgres:
      members: { site-a: a-db, site-b: b-db }
      data: { site-a: /data/orders, site-b: /data/orders/15 }
      login: { user: lifeboat }
      replication: { user: repl }
    backups:
      postgres: { stanza: orders, stores: { site-b: b-backrest } }
      files: { hosts: { site-b: b-app }, paths: [/srv/orders/documents], stores: { site-b: b-files } }
    rehearsal:
      at:
        site-b: { root: /srv/rehearsal }
  bills:
    postgres: { members: { site-b: b-db }, port: 15432, data: /data/bills, login: { user: lifeboat } }
    rehearsal: { at: { site-b: { postgres: { port: 25433 } } } }
`;
const apart = '{ root: /srv/rehearsal, postgres: { port: 15433 } }';
const at = (place: string): string => estate.replace('{ root: /srv/rehearsal }', place);
const found = (text: string) => lint({ runbook: runbook(whole), inventory: inventory(text), types });
const refused = (text: string): string[] => found(text).problems.map(printProblem);
const unproven = (text: string): string[] =>
  found(text)
    .warnings.map(printProblem)
    .filter((line) => line.includes('proves nothing of a promotion'));

describe('where the copies of a rehearsal lie', () => {
  it('is content with a place of their own, on the host of the member or on another there', () => {
    for (const place of [apart, '{ postgres: { host: b-spare, port: 5432 } }', '{ postgres: { port: 15433 }, root: /data/bills-copies/ }'])
      assert.deepEqual(refused(at(place)), []);
  });

  const rooted = 'the root of copies of "orders" at "site-b"';
  const cases: [what: string, text: string, expected: string][] = [
    [
      'at a site that is not there',
      at(apart).replace('  site-b: { root', '  site-c: { root'),
      '28:9: there is no site "site-c" — did you mean "site-a"?',
    ],
    [
      'at a site at which the system has nothing',
      at(`${apart}\n        edge: { root: /srv/rehearsal }`),
      '29:9: "orders" has nothing at "edge", so no copy of it lies there — take it out, or name one of its sites: site-a, site-b',
    ],
    [
      'on a host that is not there',
      at('{ postgres: { host: b-dp, port: 15433 } }'),
      '28:37: there is no host "b-dp" — did you mean "b-db"?',
    ],
    [
      'on a host of another site',
      at('{ postgres: { host: a-db, port: 15433 } }'),
      '28:37: the host "a-db" stands at "site-a", not at "site-b" — name a host of that site',
    ],
    [
      'where there is no member that it could be of',
      at(`${apart}\n        edge: { postgres: { port: 15432 } }`).replace('    backups:', '    resources: { edge: {} }\n    backups:'),
      '30:35: "orders" has no PostgreSQL at "edge" of which there could be a copy — take it out, or add the member to the system',
    ],
    [
      'where there is no database of RDS that it could be of',
      at('{ rds: { subnets: isolated }, postgres: { port: 15433 } }'),
      '28:24: "orders" has no database of RDS at "site-b" of which there could be a copy — take it out, or add the member to the system',
    ],
    [
      'at the port of what it is a copy of',
      at('{ postgres: { port: 5432 } }'),
      '28:37: the copy of "orders" at "site-b" would have port 5432 of "b-db", which PostgreSQL of "orders" has — name another under `rehearsal.at.site-b.postgres.port`',
    ],
    [
      'at the port of a neighbour, where none is written',
      estate,
      '28:9: the copy of "orders" at "site-b" would have port 15432 of "b-db", which PostgreSQL of "bills" has — name another under `rehearsal.at.site-b.postgres.port`',
    ],
    [
      'at the port by which its host is logged in at',
      at('{ postgres: { port: 2222 } }'),
      '28:37: the copy of "orders" at "site-b" would have port 2222 of "b-db", which its ssh server has — name another under `rehearsal.at.site-b.postgres.port`',
    ],
    [
      "at the port of its host's sign of life",
      at('{ postgres: { port: 2300 } }'),
      '28:37: the copy of "orders" at "site-b" would have port 2300 of "b-db", which its sign of life (`alive`) has — name another under `rehearsal.at.site-b.postgres.port`',
    ],
    [
      'under a relative path',
      at(apart.replace('/srv/rehearsal', 'rehearsal')),
      '28:25: the root of copies, "rehearsal", is no absolute path — write it from the first "/"',
    ],
    [
      'under a path that goes back up',
      at(apart.replace('/srv/rehearsal', '/srv/../data')),
      '28:25: the root of copies, /srv/../data, has ".." in it — write where it lies without going back up',
    ],
    [
      'under everything',
      at(apart.replace('/srv/rehearsal', '//')),
      '28:25: the root of copies is "/", in which everything lies — name a directory that is there for copies alone',
    ],
    [
      'in the place of a data directory',
      at(apart.replace('/srv/rehearsal', '/data/orders/./15/')),
      `28:25: ${rooted}, /data/orders/15, is the data directory of "orders" on "b-db" — name a directory apart from what is in service, under \`rehearsal.at.site-b.root\``,
    ],
    [
      'within the data directory of a neighbour',
      at(apart.replace('/srv/rehearsal', '/data/bills/copies')),
      `28:25: ${rooted}, /data/bills/copies, lies in the data directory of "bills" on "b-db" (/data/bills) — name a directory apart from what is in service, under \`rehearsal.at.site-b.root\``,
    ],
    [
      'around a data directory',
      at(apart.replace('/srv/rehearsal', '/data/orders')),
      `28:25: ${rooted}, /data/orders, contains the data directory of "orders" on "b-db" (/data/orders/15) — name a directory apart from what is in service, under \`rehearsal.at.site-b.root\``,
    ],
    [
      'within files that are saved',
      at(apart.replace('/srv/rehearsal', '/srv/orders/documents/copies')),
      `28:25: ${rooted}, /srv/orders/documents/copies, lies in what is saved of the files of "orders" on "b-app" (/srv/orders/documents) — name a directory apart from what is in service, under \`rehearsal.at.site-b.root\``,
    ],
    [
      'within a store',
      at(apart.replace('/srv/rehearsal', '/srv/restic/files/copies')),
      `28:25: ${rooted}, /srv/restic/files/copies, lies in the store "b-files" on "b-app" (/srv/restic/files) — name a directory apart from what is in service, under \`rehearsal.at.site-b.root\``,
    ],
    [
      'within files that are saved, where no root is written',
      at('{ postgres: { port: 15433 } }').replace('/srv/orders/documents', '/var'),
      `28:9: ${rooted}, /var/lib/lifeboat/rehearsal, lies in what is saved of the files of "orders" on "b-app" (/var) — name a directory apart from what is in service, under \`rehearsal.at.site-b.root\``,
    ],
  ];
  for (const [what, text, expected] of cases)
    it(`is refused ${what}`, () => assert.ok(refused(text).includes(`inventory.yaml:${expected}`), refused(text).join('\n')));

  it('is no matter of a live run, and is refused before a rehearsal begins', () => {
    const input = { runbook: runbook(whole), inventory: inventory(estate), types, source: 'site-a', target: 'site-b' };
    assert.match(compile(input).digest, /^[0-9a-f]{64}$/);
    assert.throws(() => rehearse(input), { name: 'PlanError', message: /^inventory\.yaml:28:9: .* port 15432 of "b-db"/ });
  });

  it('is warned of where nothing can be copied there: a rehearsal would prove nothing of a promotion', () => {
    const nothing = 'a rehearsal of "orders" to "site-b" proves nothing of a promotion';
    assert.deepEqual(unproven(at(apart)), []);
    assert.ok(
      unproven(at(apart).replace('      replication: { user: repl }\n', '')).includes(
        `inventory.yaml:18:5: ${nothing}: it can copy no member, for nothing says how a copy logs in there — add \`replication: { user: … }\` to its \`postgres\``,
      ),
    );
    assert.deepEqual(unproven(at('{ postgres: { port: 15433, from: backup } }')), [
      `inventory.yaml:28:50: ${nothing} while "site-a" serves: its copy is made of a backup, and there is no store of backups taken then — add \`backups.postgres.stores.site-a\`, or write \`from: member\``,
    ]);
  });

  it('is warned of where a database of RDS has no place', async () => {
    const { inventory, runbooks } = await loadFolder(join(root, 'runbooks/cloud'));
    const { shop } = inventory!.data.systems;
    const { 'us-west-2': _, ...only } = shop!.rehearsal.at;
    const without = {
      ...inventory!,
      data: { ...inventory!.data, systems: { shop: { ...shop!, rehearsal: { ...shop!.rehearsal, at: only } } } },
    };
    const failover = runbooks.find(({ data }) => data.runbook === 'shop-failover')!;
    const warned = (file: InventoryFile): string[] =>
      lint({ runbook: failover, inventory: file, types })
        .warnings.map(({ message }) => message)
        .filter((message) => message.includes('proves nothing'));
    assert.deepEqual(warned(inventory!), []);
    assert.deepEqual(warned(without), [
      'a rehearsal of "shop" to "us-west-2" proves nothing of a promotion: it has no place for a copy of the database',
    ]);
  });
});

/** A rehearsal takes the parameters that the runbook has for it. */
const live = (input: CompileInput): Plan =>
  compileWhole({ ...input, parameters: { ...input.runbook.data.rehearsal.parameters, ...input.parameters } }).plan;

function acting(input: CompileInput): Step[] {
  const { plan, children } = rehearse(input);
  const all: readonly PlanNode[] = [...plan.steps, ...[...children.values()].flat().flatMap(({ steps }) => steps)];
  return all.filter((node): node is Step => node.kind === 'step' && node.rehearsal === 'acts');
}

/** A step that is done in a rehearsal as in a live run: it reads, and reads the same. */
function alike(one: PlanNode, other: PlanNode): boolean {
  if (one.kind === 'gate' && other.kind === 'gate') return true;
  return one.kind === 'step' && other.kind === 'step' && other.rehearsal === 'proves' && one.action.effect === 'read';
}

function everyWay(runbook: RunbookFile, inventory: InventoryFile): CompileInput[] {
  return waysOf(systemFacts(inventory.data, runbook.data.system)!, runbook.data.target).map(([source, target]) => ({
    runbook,
    inventory,
    types,
    source,
    target,
    parameters: Object.fromEntries(
      Object.entries(runbook.data.parameters)
        .filter(([, one]) => one.required)
        .map(([name]) => [name, '2026-01-31T12:00:00Z']),
    ),
  }));
}
