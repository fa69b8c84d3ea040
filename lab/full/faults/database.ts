import { rmSync, symlinkSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FullFault } from '../fault.ts';
import { upperOf, type FullLab } from '../full-lab.ts';
import { inside, leaderOf } from '../inside.ts';
import { startDatabase } from '../pair.ts';
import { byWord, pair } from '../shape.ts';
import { autostartLink, primaryOf } from '../status.ts';

/** What happens to a database while its host is up. */
export const databaseFaults: { readonly [name: string]: FullFault } = {
  'kill-primary': {
    usage: '[HOST]',
    summary: 'Kills (-9) every process of the primary database; its host stays up.',
    async act(lab, [name]) {
      const host = byWord(name ?? (await primaryOf(lab)), pair);
      await inside(lab, host, ['systemctl', 'kill', '--kill-who=all', '--signal=KILL', 'orders-db']);
      return `Killed PostgreSQL on ${host}. The host is up.`;
    },
  },
  'freeze-primary': {
    usage: '[HOST]',
    summary: 'Freezes every process of the primary database: it answers nothing, and goes on where it was when healed.',
    async act(lab, [name]) {
      const host = byWord(name ?? (await primaryOf(lab)), pair);
      await inside(lab, host, ['systemctl', 'kill', '--kill-who=all', '--signal=STOP', 'orders-db']);
      return `Froze PostgreSQL on ${host}. The host is up.`;
    },
    async heal(lab) {
      const frozen: string[] = [];
      for (const host of pair) if (await isFrozen(lab, host)) frozen.push(host);
      for (const host of frozen) await inside(lab, host, ['systemctl', 'kill', '--kill-who=all', '--signal=CONT', 'orders-db']);
      return frozen.length > 0 ? `PostgreSQL on ${frozen.join(' and ')} goes on.` : null;
    },
  },
  'start-postgres': {
    usage: 'HOST',
    summary: 'Somebody starts the database of a host by hand.',
    async act(lab, [host = '']) {
      await startDatabase(lab, byWord(host, pair));
      return `PostgreSQL on ${host} was started.`;
    },
  },
  'stop-postgres': {
    usage: 'HOST',
    summary: 'Somebody stops the database of a host cleanly.',
    async act(lab, [host = '']) {
      await inside(lab, byWord(host, pair), ['systemctl', 'stop', 'orders-db']);
      return `PostgreSQL on ${host} was stopped.`;
    },
  },
  autostart: {
    usage: 'HOST on|off',
    summary: 'Whether the database of a host starts when its host does.',
    async act(lab, [host = '', how = '']) {
      byWord(host, pair);
      if (how !== 'on' && how !== 'off') throw new Error(`Say whether: autostart ${host} on, or off.`);
      await setAutostart(lab, host, how === 'on');
      return how === 'on' ? `PostgreSQL starts with ${host} from now on.` : `PostgreSQL stays down when ${host} starts.`;
    },
  },
};

export async function setAutostart(lab: FullLab, host: string, on: boolean): Promise<void> {
  if (leaderOf(lab, host) !== null) {
    await inside(lab, host, ['systemctl', on ? 'enable' : 'disable', 'orders-db']);
    return;
  }
  const file = join(upperOf(lab, host), autostartLink);
  rmSync(file, { force: true });
  mkdirSync(dirname(file), { recursive: true });
  if (on) symlinkSync('/etc/systemd/system/orders-db.service', file);
}

async function isFrozen(lab: FullLab, host: string): Promise<boolean> {
  if (leaderOf(lab, host) === null) return false;
  const states = await inside(lab, host, ['ps', '-u', 'postgres', '-o', 'stat=', '-C', 'postgres']).catch(() => '');
  return states.split('\n').some((state) => state.startsWith('T'));
}
