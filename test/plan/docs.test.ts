import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { types } from '../../activities/index.ts';
import { lint } from '../../plan/lint.ts';
import { parseInventory, parseRunbook } from '../../plan/load.ts';
import { printProblem, Problems } from '../../plan/problem.ts';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Parts of an inventory, shown alone: they are laid over the first whole one that is shown. */
const part = /^(?:sites|ssh|hosts|stores|values|systems|people|notify|evidence):/u;
const whole = /^sites:.*^hosts:.*^systems:/msu;

describe('the documentation', () => {
  const files = pages.flatMap((page) => blocks(page).map((text) => ({ page, text })));
  const parts = files.filter(({ text }) => part.test(text) && !whole.test(text));
  const inventories = files.filter(({ text }) => whole.test(text));

  it('shows no inventory, no part of one and no runbook that would be refused', () => {
    const problems = new Problems();
    for (const { page, text } of inventories) parseInventory(page, text, problems);
    let shown = parse(inventories[0]!.text) as Tree;
    for (const { page, text } of parts) parseInventory(page, stringify((shown = laid(shown, parse(text) as Tree))), problems);
    assert.deepEqual(problems.sorted().map(printProblem), []);
    const inventory = parseInventory('what is shown', stringify(shown), problems)!;
    const runbooks = files.filter(({ text }) => /^runbook:/mu.test(text)).map(({ page, text }) => parseRunbook(page, text, problems));
    assert.ok(parts.length > 0 && runbooks.length > 0, 'there is an example of each');
    const found = runbooks.flatMap((runbook) => (runbook ? lint({ runbook, inventory, types }).problems : []));
    assert.deepEqual([...problems.sorted(), ...found].map(printProblem), []);
  });
});

interface Tree {
  readonly [name: string]: unknown;
}

function laid(under: Tree, over: Tree): Tree {
  const both = Object.entries(over).map(([name, value]) => [name, isTree(value) && isTree(under[name]) ? laid(under[name], value) : value]);
  return { ...under, ...Object.fromEntries(both) };
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function blocks(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^```yaml\n(.*?)^```/gmsu)].map((match) => match[1]!);
}
