import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { types } from '../../activities/index.ts';
import { compile } from '../../plan/compile.ts';
import { lint } from '../../plan/lint.ts';
import { systemFacts, waysOf } from '../../plan/facts.ts';
import { loadFolder, type RunbookFile } from '../../plan/load.ts';
import { printProblem } from '../../plan/problem.ts';
import { schemaFiles, schemas } from '../../plan/schema.ts';
import { types as ours } from './types.ts';

const root = join(import.meta.dirname, '../..');

describe('what is shipped', () => {
  for (const folder of ['runbooks', 'runbooks/two-sites', 'runbooks/hybrid', 'runbooks/cloud']) {
    it(`loads, lints and compiles in every direction with the shipped step types: ${folder}`, async () => {
      const { inventory, runbooks, problems } = await loadFolder(join(root, folder));
      assert.deepEqual(problems, []);
      assert.ok(runbooks.some(({ data }) => /^(?:orders|shop)-failover$/u.test(data.runbook)));
      for (const runbook of runbooks) {
        const input = { runbook, inventory: inventory!, types, parameters: required(runbook) };
        assert.deepEqual(lint(input).problems.map(printProblem), []);
        const ways = waysOf(systemFacts(inventory!.data, runbook.data.system)!, runbook.data.target);
        assert.equal(ways.length, /^(?:orders|shop)$/u.test(runbook.data.system) && runbook.data.target === undefined ? 2 : 1);
        for (const [source, target] of ways) assert.match(compile({ ...input, source, target }).digest, /^[0-9a-f]{64}$/);
      }
    });
  }

  it('has fresh JSON schemas for editors (else run `npm run generate`)', async () => {
    for (const [name, text] of Object.entries(schemaFiles(types)))
      assert.equal(await readFile(join(root, 'docs/schemas', name), 'utf8'), text, `docs/schemas/${name} is stale`);
  });

  it('describes the input of each step type to editors, and lets a reference stand for a number', () => {
    const step = (
      schemas(ours).runbook['$defs'] as Record<
        string,
        {
          allOf: {
            if: { properties: { uses: { const: string } } };
            then: { properties: { with: { properties: Record<string, { anyOf?: unknown[] }> } } };
          }[];
        }
      >
    )['step']!;
    const wait = step.allOf.find((one) => one.if.properties.uses.const === 'test.wait')!.then.properties.with.properties;
    assert.deepEqual(Object.keys(wait), ['text', 'count', 'people']);
    assert.equal(wait['count']?.anyOf?.length, 2);
    assert.equal(wait['text']?.anyOf, undefined);
  });
});

/** A time for each parameter that must be given: they are all texts. */
const required = ({ data }: RunbookFile): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(data.parameters)
      .filter(([, one]) => one.required)
      .map(([name]) => [name, '2026-01-31T12:00:00Z']),
  );
