import { flag, text } from './arguments.ts';
import type { Arguments, Command } from './command.ts';
import { usage } from './failure.ts';
import { runbooksFolder, runbooksOption, runbooksPath } from './folder.ts';
import { asOption, who } from './who.ts';

/** Acts of the whole file, and those of one schedule. */
const ofAll = ['list', 'apply', 'next'] as const;
const ofOne = ['run', 'pause', 'resume', 'remove'] as const;
type OfAll = (typeof ofAll)[number];
type OfOne = (typeof ofOne)[number];

const command: Command = {
  name: 'schedules',
  summary: 'Makes the schedules in Temporal equal to schedules.yaml, and shows, runs and pauses them.',
  usage: '[list|apply|next|run NAME|pause NAME --reason TEXT|resume NAME|remove NAME]',
  options: {
    yes: { type: 'boolean', help: 'apply: without asking first.' },
    count: { type: 'string', value: 'N', help: 'next: how many times are shown. Default: 20.' },
    reason: { type: 'string', value: 'TEXT', help: 'pause: why; it is shown wherever the schedule is.' },
    ...asOption,
    ...runbooksOption,
  },
  async run(args) {
    const [word = 'list', name, ...more] = args.positionals;
    const all = ofAll.find((one) => one === word);
    const one = ofOne.find((act) => act === word);
    if (all === undefined && one === undefined)
      throw usage(`schedules has no "${word}".`, `It is one of ${[...ofAll, ...ofOne].join(', ')}.`);
    if ((one !== undefined) !== (name !== undefined) || more.length > 0)
      throw usage(
        one === undefined ? `schedules ${word} takes no name.` : `schedules ${word} needs the name of a schedule.`,
        'See: lifeboat schedules --help',
      );
    return all === undefined ? await toOne(one!, name!, args) : await toAll(all, args);
  },
};

async function toAll(act: OfAll, args: Arguments): Promise<number> {
  const json = flag(args, 'json');
  const count = countOf(args);
  const [{ connect }, { readTable, tableOrNone }] = await Promise.all([import('./connect.ts'), import('./schedules/read.ts')]);
  const file = act === 'apply' ? await readTable(await runbooksFolder(args)) : await tableOrNone(runbooksPath(args));
  const temporal = await connect(who(args), runbooksPath(args));
  try {
    if (act === 'list') return await (await import('./schedules/list.ts')).list(temporal, file, json);
    if (act === 'next') return await (await import('./schedules/next.ts')).next(temporal, file, count, json);
    return await (await import('./schedules/apply.ts')).apply(temporal, file!, { yes: flag(args, 'yes'), json });
  } finally {
    await temporal.close();
  }
}

/** Needs no file: on the worst day none may be at hand. */
async function toOne(act: OfOne, name: string, args: Arguments): Promise<number> {
  const [by, json] = [who(args), flag(args, 'json')];
  const reason = act === 'pause' ? reasonOf(args) : '';
  const [{ connect }, one] = await Promise.all([import('./connect.ts'), import('./schedules/one.ts')]);
  const temporal = await connect(by, runbooksPath(args));
  try {
    if (act === 'run') return await one.run(temporal, name, json);
    if (act === 'remove') return await one.remove(temporal, name, json);
    return act === 'pause' ? await one.pause(temporal, name, reason, by, json) : await one.resume(temporal, name, by, json);
  } finally {
    await temporal.close();
  }
}

function countOf(args: Arguments): number {
  const count = Number(text(args, 'count') ?? '20');
  if (Number.isInteger(count) && count > 0 && count <= 1000) return count;
  throw usage(`--count "${text(args, 'count')}" is no number of times.`, 'Write a number from 1 to 1000.');
}

function reasonOf(args: Arguments): string {
  const reason = text(args, 'reason')?.trim() ?? '';
  if (reason !== '') return reason;
  throw usage(
    'pause needs a reason: what is not scheduled is not proven, and somebody will ask why.',
    'lifeboat schedules pause NAME --reason "…"',
  );
}

export default command;
