import { flag, text } from './arguments.ts';
import type { Command } from './command.ts';
import { usage } from './failure.ts';
import { runbooksFolder, runbooksOption } from './folder.ts';

const command: Command = {
  name: 'check',
  summary: 'Checks inventory and runbooks; with --live also whether a failover could start now.',
  usage: '[FOLDER] [--live]',
  options: {
    live: { type: 'boolean', help: 'Runs the preflights of every runbook: credentials, reachability, versions. Changes nothing.' },
    ...runbooksOption,
  },
  async run(args) {
    const [folder, ...more] = args.positionals;
    if (more.length > 0 || (folder !== undefined && text(args, 'runbooks') !== undefined))
      throw usage('check takes one folder.', 'lifeboat check [FOLDER]');
    const path = await runbooksFolder(folder === undefined ? args : { ...args, values: { ...args.values, runbooks: folder } });
    const { check } = await import('./check-folder.ts');
    return await check(path, { live: flag(args, 'live'), json: flag(args, 'json') });
  },
};

export default command;
