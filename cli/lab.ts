import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { LabStatus } from '../lab/status.ts';
import { flag, text } from './arguments.ts';
import type { Arguments, Command } from './command.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { note, say, sayJson, table } from './print.ts';
import { didYouMean } from './suggest.ts';

type Act = (folder: string, rest: readonly string[], args: Arguments) => Promise<number>;

const command: Command = {
  name: 'lab',
  summary: 'A practice estate of two sites on this machine: stands it up, breaks it, ends it.',
  usage: 'up | down | status | fault [NAME …] | heal [NAME]',
  options: {
    folder: { type: 'string', value: 'FOLDER', help: 'Where the lab lies. Default: LIFEBOAT_LAB, else a folder of your own state.' },
    ui: { type: 'string', value: 'URL', help: 'For up: base URL of the Temporal UI, for links.' },
  },
  async run(args) {
    const [name = '', ...rest] = args.positionals;
    const act = Object.hasOwn(acts, name) ? acts[name] : undefined;
    if (!act)
      throw usage(
        name === '' ? 'What shall the lab do?' : `The lab does not know "${name}".${didYouMean(name, Object.keys(acts))}`,
        `lifeboat lab ${command.usage}`,
      );
    try {
      return await act(labFolder(args), rest, args);
    } catch (error) {
      throw error instanceof Failure ? error : new Failure(exit.otherwise, error instanceof Error ? error.message : String(error));
    }
  },
};

const acts: { readonly [name: string]: Act } = {
  async up(folder, _rest, args) {
    const { up } = await import('../lab/up.ts');
    const begun = Date.now();
    const ui = text(args, 'ui');
    const lab = await up({ folder, progress: note, ...(ui === undefined ? {} : { ui }) });
    if (flag(args, 'json')) sayJson(lab);
    else {
      say(`The lab stands after ${((Date.now() - begun) / 1000).toFixed(1)} s: a-db (site-a) serves, b-db (site-b) follows it.`);
      say(`Its runbooks: ${join(lab.folder, 'runbooks')}`);
      say('Next: lifeboat lab fault kill-primary, lifeboat lab status, lifeboat lab down');
    }
    return exit.done;
  },
  async down(folder, _rest, args) {
    const { down } = await import('../lab/down.ts');
    const ended = await down(folder);
    if (flag(args, 'json')) sayJson({ folder, ended });
    else say(`The lab is gone: ${ended} processes ended, ${folder} removed.`);
    return exit.done;
  },
  async status(folder, _rest, args) {
    const { status } = await import('../lab/status.ts');
    const found = await status(folder);
    if (flag(args, 'json')) sayJson(found);
    else show(found);
    return Object.values(found.running).every(Boolean) ? exit.done : exit.otherwise;
  },
  async fault(folder, [name, ...rest], args) {
    const { fault, faults } = await import('../lab/fault.ts');
    if (name === undefined) {
      const rows = Object.entries(faults).map(([one, { usage: words, summary }]) => [`${one} ${words}`.trim(), summary]);
      for (const line of table([...rows, ['heal [NAME]', 'Ends what can be ended.']])) say(line);
      return exit.done;
    }
    if (name !== 'heal' && !Object.hasOwn(faults, name)) {
      throw usage(`There is no fault "${name}".${didYouMean(name, Object.keys(faults))}`, 'lifeboat lab fault lists them.');
    }
    return tell(await fault(folder, name, rest), args);
  },
  async heal(folder, [name], args) {
    const { heal } = await import('../lab/fault.ts');
    return tell(await heal(folder, name), args);
  },
  async machine(_folder, [folder = '', host = '', service = '', act = ''], args) {
    if (service !== 'postgres')
      throw usage(`A machine of the lab has one service: postgres.`, 'lifeboat lab machine FOLDER HOST postgres start|stop|enabled');
    const { machineControl } = await import('../lab/machine-control.ts');
    return tell(await machineControl(folder, host, act), args);
  },
};

/** Where the lab lies. */
function labFolder(args: Arguments): string {
  const state = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state');
  return resolve(text(args, 'folder') ?? process.env['LIFEBOAT_LAB'] ?? join(state, 'lifeboat/lab'));
}

function tell(line: string, args: Arguments): number {
  if (flag(args, 'json')) sayJson({ did: line });
  else say(line);
  return exit.done;
}

function show({ folder, hosts, cuts, running }: LabStatus): void {
  const rows = Object.entries(hosts).map(([name, host]) => [
    name,
    host.site,
    `power ${host.power.toLowerCase()}`,
    `${host.role}, ${host.database}`,
    `starts at boot: ${host.autostart ? 'yes' : 'no'}`,
    `controller ${host.controller === 'dead' ? 'is dead' : host.controller}`,
  ]);
  for (const line of table(rows)) say(line);
  for (const { name } of cuts) say(`cut: ${name}`);
  for (const [name, runs] of Object.entries(running)) if (!runs) say(`${name} does not run`);
  say(`folder: ${folder}`);
}

export default command;
