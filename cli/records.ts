import { flag, optional } from './arguments.ts';
import type { Command } from './command.ts';
import { runbooksFolder, runbooksOption } from './folder.ts';

const command: Command = {
  name: 'records',
  summary: 'Lists the records of runs in the record stores that can be read from here, newest last, and where each lies.',
  usage: '[SYSTEM]',
  options: { all: { type: 'boolean', help: 'All of them. Default: the newest 40.' }, ...runbooksOption },
  async run(args) {
    const system = optional(args, 'records');
    const { listRecords } = await import('./list-records.ts');
    return await listRecords(await runbooksFolder(args), system, { all: flag(args, 'all'), json: flag(args, 'json') });
  },
};

export default command;
