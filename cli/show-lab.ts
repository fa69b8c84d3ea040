import type { CloudStatus } from '../lab/aws/status.ts';
import type { FullStatus } from '../lab/full/status.ts';
import type { LabStatus } from '../lab/status.ts';
import { say, table } from './print.ts';

export function showSmall({ folder, hosts, cuts, running, cloud }: LabStatus): void {
  const rows = Object.entries(hosts).map(([name, host]) => [
    name,
    host.site,
    `power ${host.power.toLowerCase()}`,
    `${host.role}, ${host.database}`,
    `starts at boot: ${host.autostart ? 'yes' : 'no'}`,
    host.controller === undefined ? 'an EC2 instance' : controller(host.controller),
  ]);
  for (const line of table(rows)) say(line);
  for (const { name } of cuts) say(`cut: ${name}`);
  if (cloud) showCloud(cloud);
  rest(folder, running);
}

export function showFull({ folder, hosts, cuts, running, hq, cloud }: FullStatus): void {
  const rows = Object.entries(hosts).map(([name, host]) => [
    name,
    host.site,
    `power ${host.power.toLowerCase()}`,
    host.database === undefined ? '' : `${host.database.role}, ${host.database.state}`,
    host.database === undefined ? '' : `starts at boot: ${host.database.autostart ? 'yes' : 'no'}`,
    host.controller === undefined ? '' : controller(host.controller),
  ]);
  for (const line of table(rows)) say(line.trimEnd());
  for (const cut of cuts) say(cut);
  if (cloud) showCloud(cloud);
  rest(folder, running);
  say(`hq: ${hq}`);
}

function showCloud({ endpoint, databases, faults }: CloudStatus): void {
  say(`AWS: ${endpoint}`);
  const rows = Object.entries(databases).map(([key, { phase, port }]) => {
    const [account = '', region = '', id = ''] = key.split('/');
    return [id, region, account, phase, `127.0.0.1:${port}`];
  });
  for (const line of table(rows)) say(line);
  for (const fault of faults) say(`AWS: ${fault}`);
}

const controller = (how: string): string => `controller ${how === 'dead' ? 'is dead' : how}`;

function rest(folder: string, running: { readonly [name: string]: boolean }): void {
  for (const [name, runs] of Object.entries(running)) if (!runs) say(`${name} does not run`);
  say(`folder: ${folder}`);
}
