import { flag, required, text } from './arguments.ts';
import { modeOf } from './begin.ts';
import type { Command } from './command.ts';
import { usage } from './failure.ts';
import { runbooksFolder, runbooksOption } from './folder.ts';
import { wantedSite } from './starting.ts';

const command: Command = {
  name: 'plan',
  summary: 'Shows what a run would do, on what, where and in which order. Changes nothing.',
  usage: 'SYSTEM|RUNBOOK|--site SITE [--planned|--unplanned] [--from SITE] [--rehearsal] [--export FILE]',
  options: {
    planned: { type: 'boolean', help: 'Only the path where the source still serves.' },
    unplanned: { type: 'boolean', help: 'Only the path where the source is lost.' },
    site: { type: 'string', value: 'SITE', help: 'A run of every system that serves there, or with --kind failback can return there.' },
    kind: { type: 'string', value: 'KIND', help: 'Of a run of a whole site: failover, failback or backup. Default: failover.' },
    from: { type: 'string', value: 'SITE', help: 'The site that serves now. Default: the world is asked.' },
    param: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'A parameter of the runbook; may be given several times.' },
    runbook: { type: 'string', value: 'NAME', help: 'Needed only where a system has several runbooks.' },
    rehearsal: { type: 'boolean', help: 'What a rehearsal of it would do, and how that differs from a live run.' },
    export: { type: 'string', value: 'FILE', help: 'Writes a checklist, in Markdown, that people can follow without Temporal.' },
    ...runbooksOption,
  },
  async run(args) {
    const site = wantedSite(args, 'plan');
    const kind = text(args, 'kind');
    if (kind !== undefined && site === undefined) throw usage('--kind is for the plan of a whole site.', 'Name the site: --site SITE');
    const mode = modeOf(args);
    const { showPlan } = await import('./show-plan.ts');
    return await showPlan(args, {
      folder: await runbooksFolder(args),
      name: site ?? required(args, 'plan', 'system or runbook'),
      ...(site === undefined ? {} : { whole: kind ?? 'failover' }),
      mode,
      from: text(args, 'from'),
      rehearsal: flag(args, 'rehearsal'),
      file: text(args, 'export'),
      json: flag(args, 'json'),
    });
  },
};

export default command;
