import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downFull } from '../../lab/full/down.ts';
import { address, addressOf, keyFile, ledgerFile, nameOf, secret, type FullLab } from '../../lab/full/full-lab.ts';
import { devices, machines } from '../../lab/full/shape.ts';
import { attempt } from '../../lab/full/tool.ts';
import { upFull } from '../../lab/full/up.ts';

/** One that neither a practice lab nor the end-to-end tests stand on. */
export const net = 75;

export interface FullPractice {
  readonly lab: FullLab;
  /** Milliseconds it took to stand up. */
  readonly took: number;
  end(): Promise<void>;
}

export async function fullPractice({ probe = false } = {}): Promise<FullPractice> {
  const parent = publicFolder();
  const begun = Date.now();
  const lab = await upFull({ folder: join(parent, 'lab'), net, probe });
  return {
    lab,
    took: Date.now() - begun,
    end: async () => {
      await downFull(lab.folder);
      rmSync(parent, { recursive: true });
    },
  };
}

/** A temporary folder that PostgreSQL's user may pass through. */
export function publicFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-test-'));
  chmodSync(folder, 0o755);
  return folder;
}

/** Runs a line on a host or a device over ssh, as people do. */
export function ssh(lab: FullLab, name: string, line: string): Promise<{ code: number | null; out: string; err: string }> {
  const where = machines[name] ? addressOf(lab, name) : address(lab, devices[name]!.at);
  const known = `UserKnownHostsFile=${lab.folder}/runbooks/known_hosts`;
  const options = ['-o', known, '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=3', '-o', 'StrictHostKeyChecking=yes', '-o', 'LogLevel=ERROR'];
  return attempt(['ssh', '-F', 'none', '-i', keyFile(lab, 'ops'), ...options, `ops@${where}`, line], { within: 15_000 });
}

/** What a host's controller answers to the fence agent: `ON`, `OFF`, or what is wrong. */
export async function controller(lab: FullLab, host: string, action: 'status' | 'on' | 'off', patience = 5): Promise<string> {
  const parameters = {
    ip: address(lab, machines[host]!.controller!),
    username: 'lifeboat',
    password: secret(lab, `controller-${host}`),
    ...{ lanplus: 1, cipher: 3, power_wait: 0, power_timeout: patience, action },
  };
  const input = Object.entries(parameters).map(([name, value]) => `${name}=${value}\n`);
  const { code, out } = await attempt(['fence_ipmilan'], { input: input.join(''), env: { PYTHONWARNINGS: 'ignore' }, within: 40_000 });
  return /Status: (\w+)/.exec(out)?.[1] ?? (code === 0 ? 'done' : 'failed');
}

/** What a connection comes to, from here: `open`, `refused`, `silent` (nobody says anything) or `unreachable`. */
export function reach(where: string, port: number, within = 700): Promise<string> {
  return new Promise((done) => {
    const socket = connect({ host: where, port });
    const end = (said: string): void => {
      clearTimeout(timer);
      socket.destroy();
      done(said);
    };
    const timer = setTimeout(() => end('silent'), within);
    socket.on('connect', () => end('open'));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED' ? 'refused' : 'unreachable'));
  });
}

export function power(lab: FullLab): string[] {
  const lines = readFileSync(ledgerFile(lab), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as { host: string; to: string; by: string }).map(({ host, to, by }) => `${host} ${to} ${by}`);
}

/** Everything of a lab that this machine still has, a line each. */
export function remains(lab: FullLab): string[] {
  const mark = nameOf(lab, '');
  const ask = (...argv: string[]): string[] => spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8' }).stdout.split('\n');
  const groups = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'].flatMap((root) =>
    readdirSync(root, { withFileTypes: true }).map(({ name }) => name),
  );
  const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isOf(lab, pid));
  return [
    ...readdirSync('/run/netns').filter((name) => name.startsWith(mark)),
    ...ask('ip', '-o', 'link').filter((line) => line.includes(mark)),
    ...ask('ip', 'route').filter((line) => line.includes(`${lab.net}.0.0/16`) && line.includes(`10.${lab.net}.`)),
    ...readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(lab.folder) || line.includes(mark)),
    ...ask('losetup', '--list', '--noheadings', '--output', 'BACK-FILE').filter((line) => line.includes(lab.folder)),
    ...listed('/run/systemd/nspawn/propagate').filter((name) => name.startsWith(mark)),
    ...groups.filter((name) => name.startsWith(mark)),
    ...listed('/run/lifeboat').filter((name) => name === `lab-${lab.net}.json`),
    ...processes.map((pid) => `process ${pid}`),
  ];
}

const listed = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

function isOf(lab: FullLab, pid: string): boolean {
  const read = (file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1');
    } catch {
      return '';
    }
  };
  return Number(pid) !== process.pid && (read('environ').includes(`LIFEBOAT_LAB=${lab.id}`) || read('cmdline').includes(lab.folder));
}
