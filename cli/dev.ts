import type { Command } from './command.ts';

const command: Command = {
  name: 'dev',
  summary: 'Stands up a server, a practice lab and its workers to play with, until Ctrl-C.',
  usage: '',
  options: {},
  async run(args) {
    const { dev } = await import('./play.ts');
    return await dev(args.values['json'] === true);
  },
};

export default command;
