import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { types } from '../../activities/index.ts';
import { lint } from '../../plan/lint.ts';
import { parseInventory, parseRunbook, type InventoryFile } from '../../plan/load.ts';
import { printProblem, Problems } from '../../plan/problem.ts';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the documentation', () => {
  it('shows no inventory and no runbook that would be refused', () => {
    const problems = new Problems();
    const files = pages.flatMap((page) => blocks(page).map((text) => ({ page, text })));
    const inventories = files.filter(({ text }) => /^sites:/mu.test(text)).map(({ page, text }) => parseInventory(page, text, problems));
    const runbooks = files.filter(({ text }) => /^runbook:/mu.test(text)).map(({ page, text }) => parseRunbook(page, text, problems));
    assert.ok(inventories.length > 0 && runbooks.length > 0, 'there is an example of each');
    const inventory = inventories[0] as InventoryFile;
    const found = runbooks.flatMap((runbook) => (runbook ? lint({ runbook, inventory, types }).problems : []));
    assert.deepEqual([...problems.sorted(), ...found].map(printProblem), []);
  });
});

const blocks = (page: string): string[] => [...readFileSync(page, 'utf8').matchAll(/^```yaml\n(.*?)^```/gmsu)].map((match) => match[1]!);
