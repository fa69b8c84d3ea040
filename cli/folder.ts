import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Arguments, Command } from './command.ts';
import { usage } from './failure.ts';

export const runbooksOption: Command['options'] = {
  runbooks: {
    type: 'string',
    value: 'FOLDER',
    help: 'Folder of inventory.yaml and the runbooks. Default: LIFEBOAT_RUNBOOKS, else ./runbooks.',
  },
};

/** Absolute path of the runbooks folder: `--runbooks`, else LIFEBOAT_RUNBOOKS, else `./runbooks`. */
export function runbooksPath(args: Arguments): string {
  return resolve((args.values['runbooks'] as string | undefined) ?? process.env['LIFEBOAT_RUNBOOKS'] ?? 'runbooks');
}

/** The same; throws a usage failure where there is no such folder. */
export async function runbooksFolder(args: Arguments): Promise<string> {
  const folder = runbooksPath(args);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw usage(`There is no folder ${folder}.`, 'Name the folder of your runbooks with --runbooks FOLDER or LIFEBOAT_RUNBOOKS.');
  return folder;
}
