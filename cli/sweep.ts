import { counted, duration } from '../record/words.ts';
import type { Leftover } from '../workflows/wire.ts';
import { flag } from './arguments.ts';
import type { Command } from './command.ts';
import { exit } from './exit.ts';
import { runbooksOption, runbooksPath } from './folder.ts';
import { paint, plain, say, sayJson, table } from './print.ts';
import type { SweptSystem } from './sweep-systems.ts';
import { asOption, who } from './who.ts';

const command: Command = {
  name: 'sweep',
  summary: 'Takes away what rehearsals left that are over, and shows what is left; also what is kept to be looked at.',
  usage: '[SYSTEM…] [--look]',
  options: {
    look: { type: 'boolean', help: 'Only shows what is there.' },
    ...asOption,
    ...runbooksOption,
  },
  async run(args) {
    const [{ connect }, { sweepSystems }] = await Promise.all([import('./connect.ts'), import('./sweep-systems.ts')]);
    const temporal = await connect(who(args), runbooksPath(args));
    try {
      const swept = await sweepSystems(temporal, args.positionals, runbooksPath(args), flag(args, 'look'));
      if (flag(args, 'json')) sayJson(swept);
      else show(swept, Date.now());
      return swept.every(({ left, problems }) => left.length === 0 && problems.length === 0) ? exit.done : exit.otherwise;
    } finally {
      await temporal.close();
    }
  },
};

function show(swept: readonly SweptSystem[], now: number): void {
  const rows = swept.flatMap(({ system, removed, left, others }) => [
    ...removed.map((one) => row(system, 'removed', one, now)),
    ...left.map((one) => row(system, 'left', one, now)),
    ...others.map((one) => row(system, 'in use', one, now)),
  ]);
  if (rows.length > 0) for (const line of table([['system', '', 'what', 'name', 'site', 'made by', 'expires'], ...rows])) say(line);
  for (const { system, problems } of swept) for (const problem of problems) say(paint('red', `${plain(system)}: ${plain(problem)}`));
  const left = swept.reduce((sum, one) => sum + one.left.length, 0);
  const blind = swept.some(({ problems }) => problems.length > 0);
  say(`${counted(swept.length, 'system')} looked at: ${left} left over${blind ? ', as far as could be seen' : ''}.`);
}

function row(system: string, what: string, { kind, name, site, run, expires }: Leftover, now: number): string[] {
  const left = expires === null ? '' : Date.parse(expires) - now;
  const when = left === '' ? '' : left > 0 ? `in ${duration(left)}` : `${duration(-left)} ago`;
  return [system, what, kind, name, site, run, when].map(plain);
}

export default command;
