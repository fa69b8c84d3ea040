import { writeFileSync } from 'node:fs';
import type { Fault } from '../fault.ts';
import { autostartOf, dataOf, hostOf, type Lab } from '../lab.ts';
import { machineControl } from '../machine-control.ts';
import { isFrozen, killAll, members, signalAll, type Belonging } from '../process.ts';
import { primaryOf } from '../status.ts';

/** What happens to a database while its machine is up. */
export const databaseFaults: { readonly [name: string]: Fault } = {
  'kill-primary': {
    usage: '[HOST]',
    summary: 'Kills (-9) every process of the primary database; its machine stays up.',
    async act(lab, [host = primaryOf(lab)]) {
      const killed = await killAll(database(lab, host));
      return `Killed PostgreSQL on ${host}: ${killed} processes. The machine is up.`;
    },
  },
  'freeze-primary': {
    usage: '[HOST]',
    summary: 'Freezes every process of the primary database: it answers nothing, and goes on where it was when healed.',
    async act(lab, [host = primaryOf(lab)]) {
      const frozen = await signalAll(database(lab, host), 'SIGSTOP');
      return `Froze PostgreSQL on ${host}: ${frozen} processes. The machine is up.`;
    },
    async heal(lab) {
      const frozen = Object.keys(lab.hosts).filter((host) => members(database(lab, host)).some(isFrozen));
      for (const host of frozen) await signalAll(database(lab, host), 'SIGCONT');
      return frozen.length > 0 ? `PostgreSQL on ${frozen.join(' and ')} goes on.` : null;
    },
  },
  'start-postgres': {
    usage: 'HOST',
    summary: 'Somebody starts the database of a host by hand.',
    async act(lab, [host = '']) {
      return `PostgreSQL on ${host}: ${await machineControl(lab.folder, host, 'start')}.`;
    },
  },
  'stop-postgres': {
    usage: 'HOST',
    summary: 'Somebody stops the database of a host cleanly.',
    async act(lab, [host = '']) {
      return `PostgreSQL on ${host}: ${await machineControl(lab.folder, host, 'stop')}.`;
    },
  },
  autostart: {
    usage: 'HOST on|off',
    summary: 'Whether the database of a host starts when its machine does.',
    async act(lab, [host = '', how = '']) {
      hostOf(lab, host);
      if (how !== 'on' && how !== 'off') throw new Error(`Say whether: autostart ${host} on, or off.`);
      writeFileSync(autostartOf(lab, host), how === 'on' ? 'enabled\n' : 'disabled\n');
      return how === 'on' ? `PostgreSQL starts with ${host} from now on.` : `PostgreSQL stays down when ${host} starts.`;
    },
  },
};

function database(lab: Lab, host: string): Belonging {
  hostOf(lab, host);
  return { data: dataOf(lab, host) };
}
