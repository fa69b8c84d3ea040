import type { Command } from './command.ts';
import { flag, optional, text } from './arguments.ts';
import { runbooksOption, runbooksPath } from './folder.ts';
import { asOption, who } from './who.ts';

const command: Command = {
  name: 'status',
  summary: 'Shows a run as it goes on, a system (system-NAME), or all systems, the worst first, and the runs.',
  usage: '[RUN|SYSTEM] [--once | --all]',
  options: {
    once: { type: 'boolean', help: 'Shows how it stands now and ends; --json does too.' },
    all: { type: 'boolean', help: 'Every system in full, however little room the terminal has.' },
    ...asOption,
    ...runbooksOption,
  },
  async run(args) {
    const name = optional(args, 'status');
    const [{ connect }, { findRun }] = await Promise.all([import('./connect.ts'), import('./find-run.ts')]);
    const temporal = await connect(who(args), runbooksPath(args));
    try {
      if (name === undefined) return await (await import('./list.ts')).list(temporal, flag(args, 'json'), flag(args, 'all'));
      if (name.startsWith('system-')) return await (await import('./show-system.ts')).showSystem(temporal, name, flag(args, 'json'));
      const run = await findRun(temporal, name);
      const to = { decide: text(args, 'as') === undefined ? '' : `--as ${text(args, 'as')}` };
      if (flag(args, 'once') || flag(args, 'json'))
        return await (await import('./once.ts')).once(temporal, run, flag(args, 'json'), to.decide);
      const { hints } = await import('./hints.ts');
      return await (await import('./follow.ts')).follow(temporal, run, { json: false, to: { ...hints(), ...to } });
    } finally {
      await temporal.close();
    }
  },
};

export default command;
