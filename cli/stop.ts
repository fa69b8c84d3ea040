import type { Command } from './command.ts';
import { sayTo, wordOptions } from './word.ts';

const command: Command = {
  name: 'stop',
  summary: 'Keeps every new effect on a system from beginning, within seconds; runs under way ask people what to do.',
  usage: 'SYSTEM…|--all --reason TEXT',
  options: wordOptions,
  run: (args) =>
    sayTo(args, {
      command: 'stop',
      signal: 'Stop new effects',
      first: true,
      needsReason: true,
      heard: ({ stopped }) => stopped != null,
      said: 'stopped: no change begins. What was under way when it was said may still end.',
    }),
};
export default command;
