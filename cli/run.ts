import { required } from './arguments.ts';
import { begin, modeOf, modeOptions, requiredMode, startOptions } from './begin.ts';
import { causeOf, causeOption } from './cause.ts';
import type { Command } from './command.ts';

const command: Command = {
  name: 'run',
  summary: 'Runs a runbook by its name, and follows the run to its end.',
  usage: 'RUNBOOK [--planned|--unplanned] [--param NAME=VALUE …]',
  options: { ...modeOptions, ...causeOption, ...startOptions },
  async run(args) {
    const name = required(args, 'run', 'runbook');
    const { lookUpRunbook, parameters } = await import('./look-up.ts');
    const runbook = await lookUpRunbook(args, name);
    const mode = runbook.kind === 'failover' ? requiredMode(args, `run ${name}, a failover,`) : modeOf(args);
    return await begin(args, runbook.kind, {
      system: runbook.system,
      runbook: name,
      ...(mode === undefined ? {} : { mode }),
      ...(mode !== undefined && runbook.kind === 'failover' ? await causeOf(args, mode) : {}),
      ...parameters(args, runbook),
    });
  },
};

export default command;
