import { flag, required, text } from './arguments.ts';
import { modeOf } from './begin.ts';
import type { Command } from './command.ts';
import { runbooksFolder, runbooksOption } from './folder.ts';

const command: Command = {
  name: 'plan',
  summary: 'Shows what a run would do, on what, where and in which order. Changes nothing.',
  usage: 'SYSTEM|RUNBOOK [--planned|--unplanned] [--from SITE] [--export FILE]',
  options: {
    planned: { type: 'boolean', help: 'Only the path where the source still serves.' },
    unplanned: { type: 'boolean', help: 'Only the path where the source is lost.' },
    from: { type: 'string', value: 'SITE', help: 'The site that serves now. Default: the world is asked.' },
    param: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'A parameter of the runbook; may be given several times.' },
    runbook: { type: 'string', value: 'NAME', help: 'Needed only where a system has several runbooks.' },
    export: { type: 'string', value: 'FILE', help: 'Writes a checklist, in Markdown, that people can follow without Temporal.' },
    ...runbooksOption,
  },
  async run(args) {
    const name = required(args, 'plan', 'system or runbook');
    const mode = modeOf(args);
    const { showPlan } = await import('./show-plan.ts');
    return await showPlan(args, {
      folder: await runbooksFolder(args),
      name,
      mode,
      from: text(args, 'from'),
      file: text(args, 'export'),
      json: flag(args, 'json'),
    });
  },
};

export default command;
