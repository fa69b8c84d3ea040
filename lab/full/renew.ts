import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIdentity } from '../launch.ts';
import { killAll } from '../process.ts';
import { eventsFile, hooksFile } from '../lab.ts';
import { writeDocuments } from './disk/application.ts';
import { isReplaced, remakeDisk } from './disk/disks.ts';
import { addressOf, ledgerFile, logFile, machineOf, nameOf, paths, rootOf, runFile, secretFile, type FullLab } from './full-lab.ts';
import { estate } from './estate-client.ts';
import { setAutostart } from './faults/database.ts';
import { healFull } from './fault.ts';
import { layGolden } from './golden.ts';
import { inside } from './inside.ts';
import { mend } from './cuts.ts';
import { namesLeadHome } from './names.ts';
import { booted, startPair } from './pair.ts';
import { sees, startProbe } from './probe.ts';
import { devices, machines, pair } from './shape.ts';
import { ip, tool } from './tool.ts';
import { greets, until } from './until.ts';
import { writeRunbooks } from './runbooks.ts';

/**
 * The lab as it was when it came up: a fresh primary and its standby, empty stores, names, proxy, lines and power as they were, an empty
 * ledger. For those who try one thing after the other; in a third of the time of down and up. What runs at the sites goes on.
 */
export async function renew(lab: FullLab): Promise<void> {
  const probe = readIdentity(runFile(lab, 'probe'));
  if (probe) await killAll({ roots: [probe] });
  await healFull(lab.folder);
  await openLines(lab);
  await Promise.all(Object.keys(machines).map((host) => freshHost(lab, host)));
  await layGolden(lab, rootOf);
  for (const file of [ledgerFile(lab), hooksFile(lab), eventsFile(lab)]) rmSync(file, { force: true });
  writeRunbooks(lab);
  await Promise.all([startPair(lab), resetEdge(lab).then(() => namesLeadHome(lab))]);
  await Promise.all(Object.keys(machines).map((host) => until(`${host} to greet`, () => greets(lab, host))));
  if (!probe) return;
  for (const name of readdirSync(join(lab.folder, 'probe'))) rmSync(join(lab.folder, 'probe', name), { recursive: true });
  rmSync(logFile(lab, 'probe'), { force: true });
  startProbe(lab);
  await until('the probe to see the database', () => sees(lab));
}

/** What devices were told to cut. */
async function openLines(lab: FullLab): Promise<void> {
  await mend(lab, 'lifeboat_');
  for (const [name, { lines }] of Object.entries(devices)) {
    if (name !== 'wan')
      await ip(
        nameOf(lab, name),
        lines.map((line) => `link set dev ${line} up`),
      );
  }
}

async function freshHost(lab: FullLab, host: string): Promise<void> {
  // A disk that was replaced is made again; of the others goes what runs leave there.
  const remade = isReplaced(lab, host);
  if (remade) {
    await estate(lab, 'POST', `/power/${host}/off`);
    await remakeDisk(lab, host);
  }
  await estate(lab, 'POST', `/power/${host}/on`);
  await until(`${host} to boot`, () => booted(lab, host));
  if (!remade) await sweep(lab, host);
}

async function sweep(lab: FullLab, host: string): Promise<void> {
  const root = rootOf(lab, host);
  const isMember = pair.some((one) => one === host);
  await inside(lab, host, ['systemctl', 'stop', 'lifeboat-*.service']).catch(() => '');
  if (isMember) {
    await inside(lab, host, ['systemctl', 'kill', '--kill-who=all', '--signal=KILL', 'orders-db']).catch(() => '');
    await inside(lab, host, ['systemctl', 'stop', 'orders-db']);
    await setAutostart(lab, host, false);
  }
  await inside(lab, host, ['systemctl', 'reset-failed']);
  empty(root, 'var/lib/lifeboat');
  empty(root, 'var/tmp');
  await inside(lab, host, ['find', '/tmp', '-mindepth', '1', '-not', '-path', '/tmp/systemd-private*', '-delete']);
  if (isMember) empty(root, 'var/lib/postgresql', ['orders', '.ssh', '.pgpass']);
  if (machineOf(host).role !== 'application') return;
  for (const store of [paths.files, paths.vault, paths.documents]) empty(root, store);
  writeDocuments(root);
}

/** Names and proxy lead to the first member. */
async function resetEdge(lab: FullLab): Promise<void> {
  await inside(lab, 'edge', ['systemctl', 'start', 'named', 'haproxy']);
  const names = [
    ['db', pair[0]],
    ['www', 'a-app'],
  ].flatMap(([name, host]) => [`update delete ${name}.orders.test. A`, `update add ${name}.orders.test. 5 A ${addressOf(lab, host!)}`]);
  await tool(['nsupdate', '-k', secretFile(lab, 'tsig.key')], {
    input: [`server ${addressOf(lab, 'edge')}`, 'zone orders.test', ...names, 'send', ''].join('\n'),
  });
  const [first, second] = pair;
  const commands = [`set server orders/${first} state ready`, `set server orders/${second} state maint`, 'show servers state', ''].join(
    '; ',
  );
  await inside(lab, 'edge', ['socat', '-', 'UNIX-CONNECT:/run/haproxy/admin.sock'], { input: `${commands}\n` });
  await inside(lab, 'edge', ['truncate', '--size=0', '/var/lib/haproxy/state']);
}

function empty(root: string, path: string, kept: readonly string[] = []): void {
  const folder = join(root, path);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (!kept.some((one) => name.startsWith(one))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
