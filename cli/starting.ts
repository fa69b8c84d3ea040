import type { Kind } from '../plan/plan.ts';
import type { RunInput } from '../workflows/wire.ts';
import { required, text } from './arguments.ts';
import { begin, startOptions } from './begin.ts';
import type { Arguments, Command } from './command.ts';

/** A command that starts a run of one kind for a system. `more`: what else goes into the run's input. */
export function starting(
  kind: Kind,
  words: Pick<Command, 'summary' | 'usage'> & Partial<Pick<Command, 'options'>>,
  more: (args: Arguments) => Promise<Partial<RunInput>> = async () => ({}),
): Command {
  return {
    name: kind,
    summary: words.summary,
    usage: words.usage,
    options: {
      ...words.options,
      ...startOptions,
      runbook: { type: 'string', value: 'NAME', help: `Needed only where a system has several runbooks for a ${kind}.` },
    },
    async run(args) {
      const system = required(args, kind, 'system');
      const runbook = text(args, 'runbook');
      const further = await more(args);
      const { lookUp, parameters } = await import('./look-up.ts');
      const found = await lookUp(args, { system, kind, runbook });
      return await begin(args, kind, {
        system,
        ...further,
        ...(runbook === undefined ? {} : { runbook }),
        ...parameters(args, found?.runbook),
      });
    },
  };
}
