import { stat } from 'node:fs/promises';
import type { Runbook } from '../plan/grammar/runbook.ts';
import type { Folder } from '../plan/load.ts';
import type { Json, Kind } from '../plan/plan.ts';
import type { Arguments } from './command.ts';
import { usage } from './failure.ts';
import { runbooksFolder, runbooksPath } from './folder.ts';
import { plain } from './print.ts';
import { didYouMean } from './suggest.ts';

/**
 * Looks a system, and a runbook of it, up in the local runbooks folder. The worker compiles from its own folder, so where
 * there is none here, or it is broken, names are not checked: on the worst day a run must not fail for that.
 */
export async function lookUp(
  args: Arguments,
  wanted: { system: string; kind: Kind; runbook?: string | undefined },
): Promise<{ runbook: Runbook } | undefined> {
  const path = runbooksPath(args);
  if (!(await stat(path).catch(() => undefined))?.isDirectory()) return undefined;
  const folder = await load(path);
  if (folder.inventory === undefined) return undefined;
  const systems = Object.keys(folder.inventory.data.systems);
  if (!systems.includes(wanted.system)) throw unknown('system', wanted.system, systems, path);
  if (folder.problems.length > 0) return undefined;
  const { chooseRunbook, ChoiceError } = await import('../plan/choose.ts');
  const { runbooks } = folder;
  const oneWay = runbooks.filter(({ data }) => data.system === wanted.system && data.kind === wanted.kind && data.target !== undefined);
  // Which of them is meant follows from who serves: the worker asks.
  if (wanted.runbook === undefined && oneWay.length > 1) return undefined;
  try {
    return {
      runbook: chooseRunbook({
        runbooks,
        system: wanted.system,
        kind: wanted.kind,
        ...(wanted.runbook === undefined ? {} : { name: wanted.runbook }),
      }).data,
    };
  } catch (error) {
    if (error instanceof ChoiceError)
      throw usage(`In ${path} ${error.message}.`, 'Name one of its runbooks: --runbook NAME. Another folder: --runbooks FOLDER');
    throw error;
  }
}

/** Looks a site up in the local runbooks folder, where there is one. */
export async function lookUpSite(args: Arguments, site: string): Promise<void> {
  const path = runbooksPath(args);
  if (!(await stat(path).catch(() => undefined))?.isDirectory()) return;
  const { inventory } = await load(path);
  const sites = Object.keys(inventory?.data.sites ?? {});
  if (inventory !== undefined && !sites.includes(site)) throw unknown('site', site, sites, path);
}

/** The runbook of that name in the local folder, which must be there: its kind decides what is started. */
export async function lookUpRunbook(args: Arguments, name: string): Promise<Runbook> {
  const path = await runbooksFolder(args);
  const folder = await load(path);
  const found = folder.runbooks.find((file) => file.data.runbook === name);
  if (found) return found.data;
  const mine = folder.runbooks.filter((file) => file.data.system === name).map((file) => file.data.runbook);
  if (mine.length > 0) throw usage(`${plain(name)} is a system, not a runbook.`, `Its runbooks: ${mine.join(', ')}`);
  const { printProblem } = await import('../plan/problem.ts');
  const broken = folder.problems.slice(0, 5).map(printProblem);
  throw unknown(
    'runbook',
    name,
    folder.runbooks.map((file) => file.data.runbook),
    path,
    broken,
  );
}

async function load(path: string): Promise<Folder> {
  return await (await import('../plan/load.ts')).loadFolder(path);
}

function unknown(what: string, name: string, known: readonly string[], path: string, problems: readonly string[] = []): Error {
  const there = known.length === 0 ? 'There is none.' : `There ${known.length === 1 ? 'is' : 'are'}: ${known.join(', ')}.`;
  const broken = problems.length > 0 ? `\nSome files of the folder cannot be read:\n${problems.join('\n')}` : '';
  return usage(
    `There is no ${what} "${plain(name)}" in ${path}.${didYouMean(name, known)}`,
    `${there} Another folder: --runbooks FOLDER${broken}`,
  );
}

/** The values of `--param NAME=VALUE`, by the types that the runbook declares; as text where they are not known here. */
export function parameters(args: Arguments, runbook: Runbook | undefined): { parameters?: { [name: string]: Json } } {
  const given = (args.values['param'] as string[] | undefined) ?? [];
  if (given.length === 0) return {};
  const values: { [name: string]: Json } = Object.create(null);
  for (const pair of given) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw usage(`--param ${plain(pair)} is not NAME=VALUE.`, 'For example: --param incident=INC-1234');
    const name = pair.slice(0, equals);
    if (Object.hasOwn(values, name)) throw usage(`The parameter ${name} is given twice.`, 'Give each once.');
    values[name] = typed(name, pair.slice(equals + 1), runbook);
  }
  return { parameters: { ...values } };
}

function typed(name: string, value: string, runbook: Runbook | undefined): Json {
  if (runbook === undefined) return value;
  const known = Object.keys(runbook.parameters);
  const declared = Object.hasOwn(runbook.parameters, name) ? runbook.parameters[name] : undefined;
  if (declared === undefined)
    throw usage(
      `${runbook.runbook} has no parameter "${plain(name)}".${didYouMean(name, known)}`,
      known.length === 0 ? 'It has none.' : `It has: ${known.join(', ')}`,
    );
  if (declared.type === 'boolean') {
    if (value !== 'true' && value !== 'false')
      throw usage(`The parameter ${name} is true or false, not "${plain(value)}".`, declared.description);
    return value === 'true';
  }
  if (declared.type === 'number') {
    if (value.trim() === '' || !Number.isFinite(Number(value)))
      throw usage(`The parameter ${name} is a number, not "${plain(value)}".`, declared.description);
    return Number(value);
  }
  return value;
}
