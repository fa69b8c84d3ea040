import type { Choice } from '../record/journal.ts';
import { flag, optional, text } from './arguments.ts';
import type { Command } from './command.ts';
import { usage } from './failure.ts';
import { runbooksOption, runbooksPath } from './folder.ts';
import { asOption, who } from './who.ts';

/** The commands that answer what a run asks: one for each choice. */
export const decisions: { readonly [choice in Choice]: Command } = {
  approve: decision('approve', 'Approves what a run asks at a gate.'),
  refuse: decision('refuse', 'Refuses what a run asks at a gate.'),
  retry: decision('retry', 'Tries a failed step again.'),
  skip: decision('skip', 'Leaves a failed step out, with a reason.', true),
  done: decision('done', 'Says that a step was done by hand, with a reason; the world is then looked at.', true),
  unplanned: decision('unplanned', 'Goes on with a planned run as an unplanned one: the source is fenced.'),
  planned: decision('planned', 'Goes on with an unplanned run as a planned one: the source is shut down cleanly.'),
  'back-out': decision('back-out', 'Undoes what was done, newest first, until the source serves again.'),
  abort: decision('abort', 'Ends a run where it stands, and says who serves now.'),
};

function decision(choice: Choice, summary: string, needsReason = false): Command {
  return {
    name: choice,
    summary,
    usage: `[RUN|SYSTEM] [--step ID]${needsReason ? ' --reason TEXT' : ' [--reason TEXT]'}`,
    options: {
      step: { type: 'string', value: 'ID', help: 'The step that asks; needed only where several ask.' },
      reason: {
        type: 'string',
        value: 'TEXT',
        help: needsReason ? 'Why; the record holds it.' : 'Why; the record holds it. May be left out.',
      },
      ...asOption,
      ...runbooksOption,
    },
    async run(args) {
      const name = optional(args, choice);
      const reason = text(args, 'reason') ?? '';
      if (needsReason && reason.trim() === '')
        throw usage(`${choice} needs a reason; the record holds it.`, `lifeboat ${choice} ${name ?? 'RUN'} --reason "…"`);
      const by = who(args);
      const [{ connect }, { decide }] = await Promise.all([import('./connect.ts'), import('./send-decision.ts')]);
      const temporal = await connect(by, runbooksPath(args));
      try {
        return await decide(temporal, { choice, name, step: text(args, 'step'), by, reason, json: flag(args, 'json') });
      } finally {
        await temporal.close();
      }
    },
  };
}
