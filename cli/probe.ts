import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { flag, text } from './arguments.ts';
import type { Command } from './command.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { runbooksFolder, runbooksOption } from './folder.ts';
import { interruption } from './interrupt.ts';
import { note, sayJson } from './print.ts';

const command: Command = {
  name: 'probe',
  summary: 'Measures from outside the sites whether each system serves, and what it lost, until Ctrl-C.',
  usage: '--listen [ADDRESS:]PORT [--inventory FILE | --runbooks FOLDER] [--folder FOLDER]',
  options: {
    listen: { type: 'string', value: '[ADDRESS:]PORT', help: 'Where it answers over HTTP. Without an address: on loopback.' },
    inventory: { type: 'string', value: 'FILE', help: 'The inventory. Default: inventory.yaml in the runbooks folder.' },
    folder: { type: 'string', value: 'FOLDER', help: 'Where it keeps what it saw. Default: a folder of your own state.' },
    user: { type: 'string', value: 'USER', help: "The database role it writes markers as. Default: the inventory's." },
    password: { type: 'string', value: 'REFERENCE', help: "Its password, as env:NAME or file:PATH. Default: the inventory's." },
    ...runbooksOption,
  },
  async run(args) {
    const listen = text(args, 'listen');
    if (listen === undefined || args.positionals.length > 0)
      throw usage('The probe needs a port to answer on.', `lifeboat probe ${command.usage}`);
    const inventory = resolve(text(args, 'inventory') ?? join(await runbooksFolder(args), 'inventory.yaml'));
    const state = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state');
    const folder = resolve(text(args, 'folder') ?? join(state, 'lifeboat/probe'));
    const { startProbe } = await import('../probe/run.ts');
    const stop = interruption();
    try {
      const probe = await startProbe({ inventory, listen, folder, login: { user: text(args, 'user'), password: text(args, 'password') } });
      if (flag(args, 'json')) sayJson({ port: probe.port, systems: probe.systems });
      note(`Probing ${probe.systems.join(', ')}; answers on port ${probe.port}. Ctrl-C ends it.`);
      while (!(await stop.within(3_600_000)));
      await probe.stop();
    } catch (error) {
      throw error instanceof Failure ? error : new Failure(exit.otherwise, error instanceof Error ? error.message : String(error));
    } finally {
      stop.end();
    }
    return exit.done;
  },
};

export default command;
