import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import dgram from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostFacts, PowerFacts } from '../../plan/plan.ts';
import type { StepContext } from '../../activities/step.ts';
import { greets } from '../../activities/greets.ts';
import { context, until, type Options } from './estate.ts';
import { closedPort, listen } from './nowhere.ts';

/** A real IPMI controller on loopback whose button works a real process, which greets while it lives. */
export interface Machine {
  readonly host: HostFacts;
  /** What really happened to it, oldest first: `on`, `off`. */
  ledger(): readonly string[];
  running(): boolean;
  /** The controller says what it was told, and does nothing. */
  lie(on: boolean): void;
  /** A person at the machine. */
  hand(act: 'on' | 'off'): void;
  context(options?: Options, power?: Partial<PowerFacts>): StepContext & { readonly beats: unknown[] };
  end(): Promise<void>;
}

export const password = 's3cret-$x';

export async function machine(): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-ipmi-'));
  const file = (name: string): string => join(folder, name);
  const [alive, port] = [await closedPort(), await freeUdpPort()];
  const witness = await listen(net.createServer((socket) => socket.write('SSH-2.0-witness\r\n')));
  const greeter = `require('net').createServer((s) => s.on('error', () => {}).write('SSH-2.0-machine\\r\\n')).listen(${alive}, '127.0.0.1')`;
  writeFileSync(file('greeter.cjs'), greeter);
  writeFileSync(file('password'), password);
  writeFileSync(file('ledger'), '');
  // A zombie is dead, though signals reach it.
  writeFileSync(
    file('hook'),
    `#!/bin/sh
cd ${folder}
up() { grep -qs '^[0-9]* (.*) [^Z]' "/proc/$(cat pid 2>/dev/null || echo none)/stat"; }
on() { up || { setsid ${process.execPath} greeter.cjs </dev/null >/dev/null 2>&1 & echo $! > pid; echo on >> ledger; }; }
off() { up && { kill -9 "$(cat pid)"; echo off >> ledger; }; rm -f pid; }
act=$1; shift
while [ $# -gt 0 ]; do
  case $act:$1:$2 in
    get:power:*) if [ -f lie ]; then echo "power:$(cat lie)"; elif up; then echo power:1; else echo power:0; fi;;
    get:*) echo "$1:0";;
    set:power:*) if [ -f lie ]; then echo "$2" > lie; elif [ "$2" = 1 ]; then on; else off; fi; shift;;
    set:*) shift;;
  esac
  shift
done
exit 0
`,
    { mode: 0o755 },
  );
  writeFileSync(
    file('lan.conf'),
    `name "machine"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${file('hook')}"
  user 2 true "lifeboat" "${password}" admin 10 none md2 md5 straight
`,
  );
  writeFileSync(file('emu'), 'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n');
  mkdirSync(file('state'));
  const hook = (...words: string[]): void => void spawnSync(file('hook'), words, { stdio: 'ignore' });
  hook('set', 'power', '1');
  const sim = spawn('ipmi_sim', ['-c', file('lan.conf'), '-f', file('emu'), '-s', file('state'), '-n'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => sim.on('exit', resolve));
  const asked = () =>
    spawnSync('ipmitool', ['-I', 'lanplus', '-C', '3', '-H', '127.0.0.1', '-p', String(port), '-U', 'lifeboat', '-f', file('password'), '-N', '1', '-R', '1', 'chassis', 'power', 'status'], { encoding: 'utf8' }).stdout; // prettier-ignore
  const end = async (): Promise<void> => {
    sim.kill('SIGKILL');
    await ended;
    rmSync(file('lie'), { force: true });
    hook('set', 'power', '0');
    await witness.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const local = { default: { address: '127.0.0.1', ports: {} } };
  const host: HostFacts = {
    name: 'a-db',
    site: 'site-a',
    connection: 'local',
    alive,
    views: local,
    witness: { port: witness.port, views: local },
    power: { driver: 'fence_ipmilan', address: `127.0.0.1:${port}`, user: 'lifeboat', password: `file:${file('password')}` },
  };
  try {
    await until('the controller', () => /is on/.test(asked()));
    await until('the machine to greet', async () => (await greets(local.default, alive)).greets);
  } catch (error) {
    await end();
    throw error;
  }
  const running = (): boolean => {
    const pid = existsSync(file('pid')) ? readFileSync(file('pid'), 'utf8').trim() : 'none';
    return existsSync(`/proc/${pid}/stat`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  };
  return {
    host,
    ledger: () => readFileSync(file('ledger'), 'utf8').split('\n').filter(Boolean).slice(1),
    running,
    lie(on) {
      if (on) appendFileSync(file('lie'), running() ? '1' : '0');
      else rmSync(file('lie'), { force: true });
    },
    hand: (act) => hook('set', 'power', act === 'on' ? '1' : '0'),
    context: (options = {}, power = {}) =>
      context({ system: { name: 'orders', tier: 1 }, hosts: { 'a-db': { ...host, power: { ...host.power!, ...power } } } }, options),
    end,
  };
}

export function freeUdpPort(): Promise<number> {
  const socket = dgram.createSocket('udp4');
  return new Promise((resolve) =>
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    }),
  );
}
