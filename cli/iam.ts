import { text, flag } from './arguments.ts';
import type { Command } from './command.ts';
import { usage } from './failure.ts';
import { runbooksFolder, runbooksOption } from './folder.ts';

const command: Command = {
  name: 'iam',
  summary: 'Prints the least IAM policies with which a runbook runs, one for each AWS site.',
  usage: 'RUNBOOK|SYSTEM [--rehearsal]',
  options: {
    rehearsal: { type: 'boolean', help: "For rehearsals: denied on whatever is not tagged as a rehearsal's own." },
    site: { type: 'string', value: 'SITE', help: 'Only the policy of this site, as a plain document for AWS.' },
    param: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'A parameter that must be given; may be given several times.' },
    ...runbooksOption,
  },
  async run(args) {
    const [name, ...more] = args.positionals;
    if (name === undefined || more.length > 0) throw usage('iam takes the name of one runbook or system.', 'lifeboat iam shop-failover');
    const folder = await runbooksFolder(args);
    const { showIam } = await import('./show-iam.ts');
    return await showIam(args, { folder, name, purpose: flag(args, 'rehearsal') ? 'rehearsal' : 'live', site: text(args, 'site') });
  },
};

export default command;
