import assert from 'node:assert/strict';
import { join } from 'node:path';
import { types } from '../../activities/index.ts';
import { compile, compileWhole } from '../../plan/compile.ts';
import { systemFacts, waysOf } from '../../plan/facts.ts';
import { loadFolder, type InventoryFile, type RunbookFile } from '../../plan/load.ts';
import type { Plan, PlanNode, Step } from '../../plan/plan.ts';
import { rehearse } from '../../plan/rehearsal/rehearse.ts';
import type { CompileInput } from '../../plan/scope.ts';

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
