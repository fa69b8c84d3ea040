import { text } from './arguments.ts';
import type { Command } from './command.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { runbooksFolder, runbooksOption } from './folder.ts';
import { note } from './print.ts';

const command: Command = {
  name: 'worker',
  summary: 'Runs the worker of a site, until Ctrl-C.',
  usage: '--site SITE [--runbooks FOLDER]',
  options: {
    site: { type: 'string', value: 'SITE', help: 'The site of the inventory that this worker stands at.' },
    ui: { type: 'string', value: 'URL', help: "Base URL of the Temporal UI, for links. Default: LIFEBOAT_UI, else the inventory's." },
    ...runbooksOption,
  },
  async run(args) {
    const site = text(args, 'site');
    if (site === undefined || site === '' || args.positionals.length > 0)
      throw usage('worker needs the site that it stands at.', 'lifeboat worker --site SITE');
    const runbooks = await runbooksFolder(args);
    const ui = text(args, 'ui');
    if (ui !== undefined) process.env['LIFEBOAT_UI'] = ui;
    const { runWorker } = await import('../worker/main.ts');
    await runWorker({ site, runbooks, ready: () => note(`The worker of ${site} asks for work. Ctrl-C ends it.`) });
    return exit.done;
  },
};

export default command;
