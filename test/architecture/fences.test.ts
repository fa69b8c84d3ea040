import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const refused: [folder: string, line: string][] = [
  ['workflows', "import { z } from 'zod';"],
  ['workflows', "import { S3 } from '@aws-sdk/client-s3';"],
  ['workflows', "import { readFileSync } from 'node:fs';"],
  ['workflows', "import { step } from '../activities/step.ts';"],
  ['plan', "import { step } from '../activities/step.ts';"],
  ['plan', "import { Client } from '@temporalio/client';"],
  ['plan', "import pg from 'pg';"],
  ['activities', "import { makeRecord } from '../record/record.ts';"],
  ['activities', "import { Context } from '@temporalio/activity';"],
  ['activities', "import { run } from '../workflows/index.ts';"],
  ['activities/power', "import { run } from '../../worker/main.ts';"],
  ['record', "import { readFile } from 'node:fs/promises';"],
  ['record', "import { siteQueue } from '../workflows/wire.ts';"],
  ['record/report', "import { siteQueue } from '../../workflows/wire.ts';"],
  ['worker', "import { main } from '../cli/main.ts';"],
  ['worker', "import { up } from '../lab/up.ts';"],
  ['probe', "import { main } from '../cli/main.ts';"],
  ['lab', "import { samples } from '../test/record/samples.ts';"],
  ['cli', "import { a } from './utils.ts';"],
];
const allowed: [folder: string, line: string][] = [
  ['workflows', "import { sleep } from '@temporalio/workflow';"],
  ['workflows', "import { siteQueue } from './wire.ts';"],
  ['workflows', "import type { Plan } from '../plan/plan.ts';"],
  ['plan', "import { parse } from 'yaml';"],
  ['plan', "import { readFile } from 'node:fs/promises';"],
  ['activities/power', "import { StepError } from '../error.ts';"],
  ['activities', "import pg from 'pg';"],
  ['activities', "import type { Plan } from '../plan/plan.ts';"],
  ['record/report', "import { duration } from '../words.ts';"],
  ['record', "import { report } from './report/html.ts';"],
  ['worker', "import { makeRecord } from '../record/record.ts';"],
  ['cli', "import { runWorker } from '../worker/main.ts';"],
];

describe('the import rules', () => {
  let folder: string;
  let found: Map<string, string[]>;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lifeboat-fences-'));
    copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    copyFileSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    [...refused, ...allowed].forEach(([at, line], index) => write(`${at}/case-${index}.ts`, `${line}\nexport const seen: unknown = 1;\n`));
    write('cli/floating.ts', 'export function start(): void {\n  Promise.resolve(1);\n}\n');
    write('workflows/globals.ts', 'export const home: unknown = process;\n');
    found = lint();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  refused.forEach(([at, line], index) => {
    it(`refuse in ${at}: ${line}`, () => assert.deepEqual(rules(`${at}/case-${index}.ts`), ['eslint(no-restricted-imports)']));
  });
  allowed.forEach(([at, line], index) => {
    it(`allow in ${at}: ${line}`, () => assert.deepEqual(rules(`${at}/case-${refused.length + index}.ts`), []));
  });
  it('come with types: a promise that nobody waits for is refused', () => {
    assert.ok(rules('cli/floating.ts').includes('typescript(no-floating-promises)'));
  });
  it('keep process out of workflows', () => {
    assert.ok(rules('workflows/globals.ts').includes('eslint(no-restricted-globals)'));
  });

  function write(path: string, text: string): void {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  function rules(path: string): string[] {
    return found.get(path) ?? [];
  }
  function lint(): Map<string, string[]> {
    const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules/oxlint/bin/oxlint'), '--format', 'json'], {
      cwd: folder,
      encoding: 'utf8',
    });
    const { diagnostics } = JSON.parse(stdout || `{"diagnostics":[],"why":${JSON.stringify(stderr)}}`) as {
      diagnostics: { code: string; filename: string }[];
    };
    const byFile = new Map<string, string[]>();
    for (const { code, filename } of diagnostics) {
      if (code !== 'eslint(no-unused-vars)') byFile.set(filename, [...(byFile.get(filename) ?? []), code]);
    }
    return byFile;
  }
});
