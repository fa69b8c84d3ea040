import { open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { largestFile, readDocument, tooLarge } from './document.ts';
import { inventoryGrammar } from './grammar/inventory.ts';
import type { Inventory } from './grammar/inventory.ts';
import { runbookGrammar } from './grammar/runbook.ts';
import type { Runbook } from './grammar/runbook.ts';
import { schedulesGrammar } from './grammar/schedules.ts';
import { checkNames } from './names.ts';
import type { Problem, Sourced } from './problem.ts';
import { Problems } from './problem.ts';
import type { SchedulesFile } from './schedules/timetable.ts';
import { shape } from './shape.ts';

export type InventoryFile = Sourced<Inventory>;
export type RunbookFile = Sourced<Runbook>;

export interface Folder {
  /** Absent where it has problems. */
  readonly inventory: InventoryFile | undefined;
  /** Those without problems, by file name. */
  readonly runbooks: readonly RunbookFile[];
  /** Absent where there are none, or they have problems. */
  readonly schedules: SchedulesFile | undefined;
  readonly problems: readonly Problem[];
}

const inventoryName = 'inventory.yaml';
const schedulesName = 'schedules.yaml';

/** Reads `inventory.yaml`, `schedules.yaml`, and every other `.yaml` or `.yml` file of a folder as a runbook. Never throws for what is in the files. */
export async function loadFolder(folder: string): Promise<Folder> {
  const problems = new Problems();
  const names = await list(folder, problems);
  if (names === undefined) return { inventory: undefined, runbooks: [], schedules: undefined, problems: problems.sorted() };
  if (!names.includes(inventoryName))
    problems.put({
      file: inventoryName,
      line: 1,
      column: 1,
      message: `there is no ${inventoryName} in ${folder}`,
      fix: 'write one, or name another folder',
    });

  let inventory: InventoryFile | undefined;
  let schedules: SchedulesFile | undefined;
  const runbooks: RunbookFile[] = [];
  for (const name of names) {
    const text = await read(join(folder, name), problems);
    if (text === undefined) continue;
    if (name === inventoryName) inventory = parseInventory(name, text, problems);
    else if (name === schedulesName) schedules = parseSchedules(name, text, problems);
    else runbooks.push(...parseRunbooks(name, text, problems));
  }
  distinct(runbooks, problems);
  return { inventory, runbooks, schedules, problems: problems.sorted() };
}

/** Reads one inventory. */
export async function loadInventory(
  file: string,
): Promise<{ readonly inventory: InventoryFile | undefined; readonly problems: readonly Problem[] }> {
  const problems = new Problems();
  const text = await read(file, problems);
  const inventory = text === undefined ? undefined : parseInventory(basename(file), text, problems);
  return { inventory, problems: problems.sorted() };
}

/** Reads an inventory from text. Undefined where there are problems. */
export function parseInventory(file: string, text: string, problems: Problems): InventoryFile | undefined {
  const before = problems.list.length;
  const document = readDocument(file, text, problems);
  const source = document && shape(inventoryGrammar, document, problems);
  if (source !== undefined) checkNames(source, problems);
  return problems.list.length > before ? undefined : source;
}

/** Reads schedules from text, as far as they can be understood alone. Undefined where there are problems. */
export function parseSchedules(file: string, text: string, problems: Problems): SchedulesFile | undefined {
  const document = readDocument(file, text, problems);
  return document && shape(schedulesGrammar, document, problems);
}

/** Reads a runbook from text, as far as it can be understood without an inventory: once for each system that it serves. None where there are problems. */
export function parseRunbooks(file: string, text: string, problems: Problems): readonly RunbookFile[] {
  const document = readDocument(file, text, problems);
  const written = document && shape(runbookGrammar, document, problems);
  if (written === undefined) return [];
  const { system } = written.data;
  const systems = typeof system === 'string' ? [system] : [...new Set(system)];
  return systems.map((one) => ({ ...written, data: { ...written.data, system: one } }));
}

/** The same, of a runbook for one system. */
export function parseRunbook(file: string, text: string, problems: Problems): RunbookFile | undefined {
  return parseRunbooks(file, text, problems)[0];
}

async function list(folder: string, problems: Problems): Promise<string[] | undefined> {
  try {
    return (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.')).toSorted();
  } catch (error) {
    problems.put({
      file: folder,
      line: 1,
      column: 1,
      message: `the folder cannot be read (${code(error)})`,
      fix: 'name the folder that holds inventory.yaml',
    });
    return undefined;
  }
}

/** The text of a file; never more of it than the largest that is allowed, even where it grows while it is read. */
async function read(path: string, problems: Problems): Promise<string | undefined> {
  const file = basename(path);
  const put = (message: string, fix: string): undefined => problems.put({ file, line: 1, column: 1, message, fix }) as undefined;
  try {
    const handle = await open(path);
    try {
      if (!(await handle.stat()).isFile()) return put('this is not a file', 'remove it, or rename it so that it does not end in .yaml');
      const buffer = Buffer.alloc(largestFile + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
      if (length > largestFile) return put('the file is larger than 1 MiB', tooLarge);
      return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof TypeError) return put('the file is not UTF-8 text', 'save it as UTF-8');
    return put(`the file cannot be read (${code(error)})`, 'check that it is there and that you may read it');
  }
}

function distinct(runbooks: readonly RunbookFile[], problems: Problems): void {
  const first = new Map<string, string>();
  for (const runbook of runbooks) {
    const other = first.get(runbook.data.runbook);
    if (other !== undefined && other !== runbook.file)
      problems.add(
        runbook,
        ['runbook'],
        `there is already a runbook "${runbook.data.runbook}", in ${other}`,
        'give one of them another name',
      );
    first.set(runbook.data.runbook, other ?? runbook.file);
  }
}

function code(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
