import { stat } from 'node:fs/promises';
import { flag, text } from './arguments.ts';
import type { Arguments, Command } from './command.ts';
import { usage } from './failure.ts';
import { runbooksFolder, runbooksOption } from './folder.ts';

const command: Command = {
  name: 'check',
  summary: 'Checks inventory and runbooks; with --live also whether systems could be recovered now.',
  usage: '[FOLDER] | --live [SYSTEM]',
  options: {
    live: {
      type: 'boolean',
      help: 'Has every site look: preflights of all runbooks both ways, backups, keys, versions, certificates. Changes nothing.',
    },
    ...runbooksOption,
  },
  async run(args) {
    const [name, ...more] = args.positionals;
    if (more.length > 0) throw usage('check takes one folder, or with --live one system.', 'See: lifeboat check --help');
    const live = flag(args, 'live');
    const isFolder = name !== undefined && (!live || (await isDirectory(name)));
    if (isFolder && text(args, 'runbooks') !== undefined) throw usage('check takes one folder.', 'lifeboat check [FOLDER]');
    const path = await runbooksFolder(isFolder ? of(args, name) : args);
    const { check } = await import('./check-folder.ts');
    return await check(path, { live, json: flag(args, 'json'), ...(name === undefined || isFolder ? {} : { system: name }) });
  },
};

export default command;

const of = (args: Arguments, folder: string): Arguments => ({ ...args, values: { ...args.values, runbooks: folder } });

async function isDirectory(name: string): Promise<boolean> {
  return (await stat(name).catch(() => undefined))?.isDirectory() ?? false;
}
