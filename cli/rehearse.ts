import { required } from './arguments.ts';
import { begin, modeOf, modeOptions, startOptions } from './begin.ts';
import type { Command } from './command.ts';

const command: Command = {
  name: 'rehearse',
  summary: 'Rehearses a runbook on copies, isolated from what is in service, and cleans up after itself.',
  usage: 'RUNBOOK [--planned|--unplanned] [--param NAME=VALUE …]',
  options: { ...modeOptions, ...startOptions },
  async run(args) {
    const name = required(args, 'rehearse', 'runbook');
    const { lookUpRunbook, parameters } = await import('./look-up.ts');
    const runbook = await lookUpRunbook(args, name);
    const mode = modeOf(args);
    return await begin(args, 'rehearsal', {
      system: runbook.system,
      runbook: name,
      ...(mode === undefined ? {} : { mode }),
      ...parameters(args, runbook),
    });
  },
};

export default command;
