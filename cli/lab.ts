import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { sizeOf } from '../lab/size.ts';
import { flag, text } from './arguments.ts';
import type { Arguments, Command } from './command.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { note, say, sayJson, table } from './print.ts';
import { showFull, showSmall } from './show-lab.ts';
import { didYouMean } from './suggest.ts';

type Act = (folder: string, rest: readonly string[], args: Arguments) => Promise<number>;

const command: Command = {
  name: 'lab',
  summary: 'A practice estate of two sites on this machine: stands it up, breaks it, ends it.',
  usage: 'up | down | status | fault [NAME …] | heal [NAME] | renew | worker SITE',
  options: {
    folder: { type: 'string', value: 'FOLDER', help: 'Where the lab lies. Default: LIFEBOAT_LAB, else a folder of your own state.' },
    full: {
      type: 'boolean',
      help: 'The full size: booted hosts, routers, controllers. Needs root on Debian; LIFEBOAT_LAB_NET moves its addresses.',
    },
    install: { type: 'boolean', help: 'For up --full: installs the Debian packages that are missing.' },
    'no-aws': { type: 'boolean', help: 'For up: without the emulated AWS, which takes some seconds to stand.' },
    hybrid: { type: 'boolean', help: 'For up: the standby of orders is an instance of the emulated AWS, c-db at us-east-1.' },
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
    if (flag(args, 'full')) return upFull(folder, args);
    const { up } = await import('../lab/up.ts');
    const begun = Date.now();
    const ui = text(args, 'ui');
    const [aws, hybrid] = [!flag(args, 'no-aws'), flag(args, 'hybrid')];
    if (hybrid && !aws) throw usage('The hybrid lab needs its AWS.', 'lifeboat lab up --hybrid');
    const lab = await up({ folder, aws, hybrid, progress: note, ...(ui === undefined ? {} : { ui }) });
    if (flag(args, 'json')) sayJson(lab);
    else {
      const [serves, follows] = Object.entries(lab.hosts).map(([name, { site }]) => `${name} (${site})`);
      const took = ((Date.now() - begun) / 1000).toFixed(1);
      say(`The lab stands after ${took} s: ${serves} serves, ${follows} follows it.`);
      say(`Its runbooks: ${join(lab.folder, 'runbooks')}`);
      await sayCloud(lab);
      say('Next: lifeboat lab fault kill-primary, lifeboat lab status, lifeboat lab down');
    }
    return exit.done;
  },
  async down(folder, _rest, args) {
    const ended = isFull(folder)
      ? await (await import('../lab/full/down.ts')).downFull(folder)
      : await (await import('../lab/down.ts')).down(folder);
    if (flag(args, 'json')) sayJson({ folder, ended });
    else say(`The lab is gone: ${ended} processes ended, ${folder} removed.`);
    return exit.done;
  },
  async status(folder, _rest, args) {
    const found = isFull(folder)
      ? await (await import('../lab/full/status.ts')).statusFull(folder)
      : await (await import('../lab/status.ts')).status(folder);
    if (flag(args, 'json')) sayJson(found);
    else if ('size' in found) showFull(found);
    else showSmall(found);
    return Object.values(found.running).every(Boolean) ? exit.done : exit.otherwise;
  },
  async fault(folder, [name, ...rest], args) {
    const { fault, faults } = await faultsOf(folder);
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
    const { heal } = await faultsOf(folder);
    return tell(await heal(folder, name), args);
  },
  async renew(folder, _rest, args) {
    const { renew } = await import('../lab/full/renew.ts');
    const { readFullLab } = await import('../lab/full/full-lab.ts');
    await renew(readFullLab(needsFull(folder)));
    return tell('The lab is as it was when it came up: a-db serves, b-db follows it.', args);
  },
  async worker(folder, [site = '']) {
    const { siteWorker } = await import('./lab-worker.ts');
    return siteWorker(needsFull(folder), site);
  },
  async machine(_folder, [folder = '', host = '', service = '', act = ''], args) {
    if (service !== 'postgres')
      throw usage(`A machine of the lab has one service: postgres.`, 'lifeboat lab machine FOLDER HOST postgres start|stop|enabled');
    const { machineControl } = await import('../lab/machine-control.ts');
    return tell(await machineControl(folder, host, act), args);
  },
};

async function upFull(folder: string, args: Arguments): Promise<number> {
  const { upFull: up } = await import('../lab/full/up.ts');
  const begun = Date.now();
  const ui = text(args, 'ui');
  const [aws, install] = [!flag(args, 'no-aws'), flag(args, 'install')];
  if (flag(args, 'hybrid')) throw usage('The hybrid pair is one of the small lab.', 'lifeboat lab up --hybrid, without --full');
  const lab = await up({ folder, net: net(), install, aws, progress: note, ...(ui === undefined ? {} : { ui }) });
  if (flag(args, 'json')) sayJson(lab);
  else {
    say(`The lab stands after ${((Date.now() - begun) / 1000).toFixed(1)} s: a-db (site-a) serves, b-db (site-b) follows it.`);
    say(`Its runbooks: ${join(lab.folder, 'runbooks')}`);
    await sayCloud(lab);
    say('A worker inside a site: lifeboat lab worker site-a');
    say('Next: lifeboat lab fault power-cut a-db, lifeboat lab status, lifeboat lab down');
  }
  return exit.done;
}

/** What whoever calls the lab's AWS needs. */
async function sayCloud({ aws }: { readonly aws?: { readonly port: number } }): Promise<void> {
  if (!aws) return;
  const { credentials } = await import('../lab/aws/home.ts');
  const variables = Object.entries(credentials).map(([name, value]) => `${name}=${value}`);
  say(`Its AWS: http://127.0.0.1:${aws.port}, where shop serves in us-east-1 and stands by in us-west-2.`);
  say('Its sites are us-east-1, us-west-2 and vault: each needs a worker. Whatever calls it, workers and commands, needs:');
  say(`  export ${variables.join(' ')}`);
}

async function faultsOf(folder: string) {
  if (!isFull(folder)) return import('../lab/fault.ts');
  const { faultFull: fault, healFull: heal, fullFaults: faults } = await import('../lab/full/fault.ts');
  return { fault, heal, faults };
}

function needsFull(folder: string): string {
  if (isFull(folder)) return folder;
  throw new Error(`There is no full lab in ${folder}: "lifeboat lab up --full" starts one.`);
}

const isFull = (folder: string): boolean => sizeOf(folder) === 'full';

/** Where the lab lies: as said, else where one of either size stands, else where one of the small size would. */
function labFolder(args: Arguments): string {
  const said = text(args, 'folder') ?? process.env['LIFEBOAT_LAB'];
  if (said !== undefined) return resolve(said);
  const state = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state');
  const small = join(state, 'lifeboat/lab');
  const full = net() === 77 ? '/var/lib/lifeboat/lab-full' : `/var/lib/lifeboat/lab-full-${net()}`;
  const wanted = flag(args, 'full') || process.env['LIFEBOAT_LAB_NET'] !== undefined;
  return wanted || (!existsSync(join(small, 'lab.json')) && sizeOf(full) === 'full') ? full : small;
}

function net(): number {
  return Number(process.env['LIFEBOAT_LAB_NET'] ?? 77);
}

function tell(line: string, args: Arguments): number {
  if (flag(args, 'json')) sayJson({ did: line });
  else say(line);
  return exit.done;
}

export default command;
