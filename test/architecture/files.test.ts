import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders = ['plan', 'workflows', 'activities', 'record', 'worker', 'probe', 'cli', 'lab', 'bench', 'test'];

describe('source files', () => {
  const files = folders.flatMap((folder) => sources(join(root, folder)));

  it('are found', () => {
    assert.ok(files.length > 50, `only ${files.length} files: the test looks in the wrong place`);
  });

  it('have at most 300 lines', () => {
    assert.deepEqual(
      files.filter((file) => readFileSync(file, 'utf8').split('\n').length > 301),
      [],
    );
  });

  it('are named in kebab-case for what they do', () => {
    assert.deepEqual(
      files.filter(
        (file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(basename(file)) || /\b(utils?|helpers?|misc)\b/.test(basename(file)),
      ),
      [],
    );
  });

  it('carry no licence header and name no registry host', () => {
    const registry = new RegExp(['registry', 'npmjs'].join('\\.') + '|' + ['files', 'pythonhosted'].join('\\.'));
    const bad = files.filter((file) => {
      const text = readFileSync(file, 'utf8');
      return /SPDX-License|Licensed under the Apache/.test(text.slice(0, 400)) || registry.test(text);
    });
    assert.deepEqual(bad, []);
  });

  it('do not switch off a rule of the linter for a whole file', () => {
    const bad = files.filter(
      (file) =>
        /^\/\* (eslint|oxlint)-disable(?! ?-next)/m.test(readFileSync(file, 'utf8')) ||
        /^\/\/ @ts-nocheck/m.test(readFileSync(file, 'utf8')),
    );
    assert.deepEqual(bad, []);
  });
});

function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}
