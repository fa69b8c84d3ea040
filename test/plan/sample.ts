import { compile } from '../../plan/compile.ts';
import { lint } from '../../plan/lint.ts';
import type { Findings } from '../../plan/lint.ts';
import { parseInventory, parseRunbook } from '../../plan/load.ts';
import type { InventoryFile, RunbookFile } from '../../plan/load.ts';
import type { Json, Plan, Step } from '../../plan/plan.ts';
import { printProblem, Problems } from '../../plan/problem.ts';
import { types } from './types.ts';

export const inventoryText = `
sites:
  site-a: { kind: physical }
  site-b: { kind: physical, limits: { steps: 3 }, records: /var/lib/lifeboat, witness: { port: 22, address: 10.77.2.1 } }
people:
  dr-leads: [alice@example.com, bob@example.com]
  dbas: [carol@example.com, bob@example.com]
hosts:
  a-db: { site: site-a, address: 10.77.1.11, power: { driver: redfish, address: "https://10.77.1.201", password: "env:BMC" } }
  b-db: { site: site-b, address: 10.77.2.11, ports: { 5432: 6000, 22: 6022 }, seen-from: { outside: { ports: { 5432: 7000 } }, site-a: { address: 192.0.2.1 } } }
systems:
  orders:
    postgres: { members: { site-a: a-db, site-b: b-db }, data: /data, login: { user: lifeboat, password: "file:/pw" } }
    probe: { every: 100 milliseconds, good: 5 }
  files: { tier: 3 }
notify:
  on-call: { webhook: "https://hooks.example.com/dr", secret: "env:KEY" }
probe: http://127.0.0.1:9000
`;

const head = 'runbook: r\nkind: failover\nsystem: orders\ndescription: Moves orders.\n';

/** Steps that are right, for tests that break one of them. */
export const gate = '  - { id: ok, gate: Go?, approvers: [dr-leads] }\n';
export const fence = '  - { id: fence, uses: power.off, only: unplanned, needs: [ok], with: { host: "${{ source.postgres.host }}" } }\n';
export const quiesce =
  '  - { id: quiesce, uses: postgres.quiesce, only: planned, needs: [ok], with: { host: "${{ source.postgres.host }}", standby: "${{ target.postgres.host }}" } }\n';
export const promote =
  '  - { id: promote, uses: postgres.promote, needs: [fence, quiesce], with: { host: "${{ target.postgres.host }}" } }\n';
export const rows = '  - { id: rows, uses: postgres.check, needs: [promote], with: { host: "${{ target.postgres.host }}" } }\n';
export const whole = gate + fence + quiesce + promote + rows;

export function inventory(text = inventoryText): InventoryFile {
  return must((problems) => parseInventory('inventory.yaml', text, problems));
}

/** A failover with these steps. The first step stands on line 6. */
export function runbook(steps: string, before = head): RunbookFile {
  return must((problems) => parseRunbook('r.yaml', `${before}steps:\n${steps}`, problems));
}

export function check(steps: string, before?: string): Findings {
  return lint({ runbook: runbook(steps, before), inventory: inventory(), types });
}

/** What the linter refuses, printed. */
export function refused(steps: string, before?: string): string[] {
  return check(steps, before).problems.map(printProblem);
}

/** What the linter refuses, and what the loader does, of a whole file. */
export function broken(text: string): string[] {
  const problems = new Problems();
  parseRunbook('r.yaml', text, problems);
  return problems.sorted().map(printProblem);
}

export function plan(
  steps = whole,
  given: { parameters?: { [name: string]: Json }; before?: string; revision?: string; source?: string } = {},
): Plan {
  const { source = 'site-a', before, ...rest } = given;
  const target = source === 'site-a' ? 'site-b' : 'site-a';
  return compile({ runbook: runbook(steps, before), inventory: inventory(), types, source, target, ...rest });
}

export function stepOf(made: Plan, id: string): Step {
  const found = made.steps.find((node) => node.id === id);
  if (found?.kind !== 'step') throw new Error(`no step ${id}`);
  return found;
}

export { head };

function must<T>(parse: (problems: Problems) => T | undefined): T {
  const problems = new Problems();
  const value = parse(problems);
  if (value === undefined || problems.list.length > 0) throw new Error(problems.sorted().map(printProblem).join('\n'));
  return value;
}
