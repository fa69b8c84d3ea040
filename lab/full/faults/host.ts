import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { account } from '../disk/accounts.ts';
import { fillDisk, fillerOf, replaceDisk } from '../disk/disks.ts';
import { copyKey } from '../disk/keys.ts';
import { put } from '../disk/put.ts';
import { estate } from '../estate-client.ts';
import type { FullFault } from '../fault.ts';
import { keyFile, rootOf, type FullLab } from '../full-lab.ts';
import { inside, leaderOf } from '../inside.ts';
import { byWord, machines } from '../shape.ts';

const hosts = Object.keys(machines);

/** What happens to a host itself. */
export const hostFaults: { readonly [name: string]: FullFault } = {
  power: {
    usage: 'HOST on|off',
    summary: 'Somebody presses the real button of a host, past its controller.',
    async act(lab, [host = '', how = '']) {
      byWord(host, hosts);
      if (how !== 'on' && how !== 'off') throw new Error(`Say which: power ${host} on, or off.`);
      const { power } = (await estate(lab, 'POST', `/power/${host}/${how}`)) as { power: string };
      return `Somebody pressed the button of ${host}: its power is ${power}.`;
    },
  },
  'power-cut': {
    usage: 'HOST',
    summary: 'The power of a host fails. Its power comes back with "power HOST on".',
    async act(lab, [host = '']) {
      await estate(lab, 'POST', `/power/${byWord(host, hosts)}/off`);
      return `${host} has no power.`;
    },
  },
  'disk-full': {
    usage: 'HOST',
    summary: 'Something takes all that is free on the disk of a host.',
    async act(lab, [host = '']) {
      const bytes = await fillDisk(lab, byWord(host, hosts));
      return `The disk of ${host} is full: something took ${Math.round(bytes / 1_000_000)} MB.`;
    },
    async heal(lab) {
      const full = hosts.filter((host) => existsSync(fillerOf(lab, host)));
      for (const host of full) rmSync(fillerOf(lab, host));
      return full.length > 0 ? `There is room again on ${full.join(' and ')}.` : null;
    },
  },
  'disk-lost': {
    usage: 'HOST',
    summary: 'The disk of a host is replaced by an empty one: its power is cut, and it comes back with an ssh server and nothing else.',
    async act(lab, [host = '']) {
      await estate(lab, 'POST', `/power/${byWord(host, hosts)}/off`);
      await replaceDisk(lab, host);
      return `${host} has a new disk, with an ssh server and nothing else, and no power.`;
    },
  },
  'wrong-host-key': {
    usage: 'HOST',
    summary: 'The ssh server of a host shows a key that nobody signed.',
    async act(lab, [host = '']) {
      const root = rootWithPower(lab, byWord(host, hosts));
      put(root, 'etc/ssh/host_key', readFileSync(keyFile(lab, 'impostor'), 'utf8'), { mode: 0o600 });
      rmSync(join(root, 'etc/ssh/host_key-cert.pub'), { force: true });
      await inside(lab, host, ['systemctl', 'restart', 'ssh']);
      return `${host} shows another host key.`;
    },
    async heal(lab) {
      const wrong = hosts.filter((host) => leaderOf(lab, host) !== null && isImpostor(lab, host));
      for (const host of wrong) {
        copyKey(lab, `host-${host}`, rootOf(lab, host), 'etc/ssh/host_key', account('root'));
        await inside(lab, host, ['systemctl', 'restart', 'ssh']);
      }
      return wrong.length > 0 ? `${wrong.join(' and ')} shows its own host key again.` : null;
    },
  },
};

const isImpostor = (lab: FullLab, host: string): boolean =>
  readFileSync(join(rootOf(lab, host), 'etc/ssh/host_key'), 'utf8') === readFileSync(keyFile(lab, 'impostor'), 'utf8');

function rootWithPower(lab: FullLab, host: string): string {
  if (leaderOf(lab, host) === null) throw new Error(`${host} has no power: "lifeboat lab fault power ${host} on" first.`);
  return rootOf(lab, host);
}
