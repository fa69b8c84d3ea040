import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { optional } from './arguments.ts';
import type { Command } from './command.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { runbooksOption, runbooksPath } from './folder.ts';
import { plain, say } from './print.ts';
import { asOption, who } from './who.ts';

const command: Command = {
  name: 'dashboard',
  summary: 'Writes how all systems stand, with the trends of their recovery times, as one page for browsers.',
  usage: '[FILE]',
  options: { ...asOption, ...runbooksOption },
  async run(args) {
    const file = resolve(optional(args, 'dashboard') ?? 'lifeboat-dashboard.html');
    const [{ connect }, { readOverview }, { dashboard }] = await Promise.all([
      import('./connect.ts'),
      import('./read-overview.ts'),
      import('../record/dashboard/dashboard.ts'),
    ]);
    const temporal = await connect(who(args), runbooksPath(args));
    try {
      const overview = await readOverview(temporal, runbooksPath(args));
      await writeFile(file, dashboard(overview, new Date())).catch((error: NodeJS.ErrnoException) => {
        throw usage(`${file} cannot be written (${error.code}).`, 'Name a file in a folder that is there.');
      });
      say(`Written: ${plain(file)}`);
      return exit.done;
    } finally {
      await temporal.close();
    }
  },
};

export default command;
