import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultRow } from '../activities/cloud-faults.ts';

/** Carries out every type of step at AWS under every fault, and prints what came of it. Arguments: names of types; none: all. */
const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'lifeboat-faults-'));
const table = join(folder, 'rows');
const files = readdirSync('test/activities')
  .filter((file) => file.endsWith('.test.ts') && readFileSync(join('test/activities', file), 'utf8').includes('faultTable('))
  .filter((file) => wanted.length === 0 || wanted.includes(file.replace('.test.ts', '').replace('-', '.')))
  .map((file) => join('test/activities', file));
try {
  const mocha = ['node_modules/mocha/bin/mocha.js', '--import=tsx', '--grep', ' under faults ', '--exit', ...files];
  const { status } = spawnSync(process.execPath, mocha, { stdio: 'inherit', env: { ...process.env, LIFEBOAT_FAULT_TABLE: table } });
  const rows = existsSync(table) ? readFileSync(table, 'utf8').trim().split('\n').map(read) : [];
  print(rows);
  const good = rows.length > 0 && rows.every(({ doubled, lost, left }) => doubled + lost + left === 0);
  process.exitCode = good && status === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function read(line: string): FaultRow {
  return JSON.parse(line) as FaultRow;
}

function print(rows: readonly FaultRow[]): void {
  const columns = ['type', 'fault', 'calls', 'effects', 'doubled', 'lost', 'left'] as const;
  const sum = (column: 'calls' | 'effects' | 'doubled' | 'lost' | 'left') => rows.reduce((total, row) => total + row[column], 0);
  const total = ['all', '', ...(['calls', 'effects', 'doubled', 'lost', 'left'] as const).map((column) => String(sum(column)))];
  const lines = [[...columns], ...rows.map((row) => columns.map((column) => String(row[column]))), total];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]!.length)));
  for (const line of lines)
    console.log(line.map((cell, index) => (index < 2 ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!))).join('  '));
}
