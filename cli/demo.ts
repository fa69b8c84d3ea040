import { flag } from './arguments.ts';
import type { Command } from './command.ts';

const command: Command = {
  name: 'demo',
  summary: 'Shows it all on this machine: kills a database, and fails it over once you approve.',
  usage: '[--yes]',
  options: {
    yes: { type: 'boolean', help: 'A second process approves instead of you; so it is without a terminal, too.' },
  },
  async run(args) {
    const { demo } = await import('./show-demo.ts');
    return await demo({ yes: flag(args, 'yes') || !process.stdin.isTTY || !process.stdout.isTTY, json: flag(args, 'json') });
  },
};

export default command;
