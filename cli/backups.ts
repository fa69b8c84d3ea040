import type { Backup } from '../activities/step.ts';
import { duration } from '../record/words.ts';
import { systemId } from '../workflows/wire.ts';
import { flag, required } from './arguments.ts';
import type { Command } from './command.ts';
import { exit } from './exit.ts';
import { runbooksOption, runbooksPath } from './folder.ts';
import { paint, plain, say, sayJson, table } from './print.ts';
import { asOption, who } from './who.ts';

const command: Command = {
  name: 'backups',
  summary: 'Lists the backups of a system, and which of them were proven by a restore.',
  usage: 'SYSTEM',
  options: { ...asOption, ...runbooksOption },
  async run(args) {
    const system = required(args, 'backups', 'system');
    const { connect, explain } = await import('./connect.ts');
    const temporal = await connect(who(args), runbooksPath(args));
    try {
      // From the memo, which is readable with no worker alive.
      const known = await temporal
        .within(5000, () => temporal.client.workflow.getHandle(systemId(system)).describe())
        .then(({ memo }) => (memo?.['backups'] as readonly Backup[] | undefined) ?? [])
        .catch((error: unknown) => {
          if ((error as Error).name === 'WorkflowNotFoundError') return [];
          throw explain(error, `reading what is known of ${system}`, temporal.address);
        });
      if (flag(args, 'json')) sayJson({ system, backups: known });
      else show(system, known);
      return known.some(({ provenAt }) => provenAt !== null) ? exit.done : exit.otherwise;
    } finally {
      await temporal.close();
    }
  },
};

function show(system: string, known: readonly Backup[]): void {
  if (known.length === 0) {
    say(`No backup of ${plain(system)} is known: none was taken by a run yet. Take one: lifeboat backup ${plain(system)}`);
    return;
  }
  const rows = known.map((backup) => [
    backup.store,
    backup.label.slice(0, 40),
    backup.holds,
    backup.kind,
    `${age(backup.at)} ago`,
    size(backup.bytes),
    backup.provenAt === null ? paint('yellow', 'unproven') : paint('green', `proven ${age(backup.provenAt)} ago`),
  ]);
  for (const row of table([['store', 'backup', 'of', 'kind', 'holds data up to', 'size', 'restored and compared'], ...rows])) say(row);
  const proven = known.find(({ provenAt }) => provenAt !== null);
  if (proven === undefined)
    say(paint('red', `None is proven: until one was restored and compared, ${plain(system)} counts as not backed up.`));
  else for (const sentence of proven.compared) say(`  ${plain(sentence)}`);
}

const age = (at: string): string => duration(Math.max(0, Date.now() - Date.parse(at)));

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Math.round(bytes / 1000 ** power)} ${units[power]}`;
}

export default command;
