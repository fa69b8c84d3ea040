import { required, text } from './arguments.ts';
import { begin, requiredMode, startOptions } from './begin.ts';
import type { Command } from './command.ts';

const command: Command = {
  name: 'failover',
  summary: 'Moves a system to its other site, and follows the run to its end.',
  usage: 'SYSTEM --planned|--unplanned [--param NAME=VALUE …]',
  options: {
    ...startOptions,
    runbook: { type: 'string', value: 'NAME', help: 'Needed only where a system has several runbooks for a failover.' },
  },
  async run(args) {
    const system = required(args, 'failover', 'system');
    const mode = requiredMode(args, 'failover');
    const { lookUp, parameters } = await import('./look-up.ts');
    const found = await lookUp(args, { system, kind: 'failover', runbook: text(args, 'runbook') });
    const runbook = text(args, 'runbook');
    return await begin(args, 'failover', {
      system,
      mode,
      ...(runbook === undefined ? {} : { runbook }),
      ...parameters(args, found?.runbook),
    });
  },
};

export default command;
