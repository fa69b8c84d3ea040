import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { call } from './call.ts';
import { launch, program, readIdentity, writeIdentity } from './launch.ts';
import { dataOf, labTag, ledgerFile, logFile, machineTag, runFile, hostOf, secret, type Lab } from './lab.ts';
import { gone, isAlive, killAll, members, type Belonging } from './process.ts';

export type Power = 'On' | 'Off';

/** Everything that runs on a machine. */
export function belongings(lab: Lab, host: string): Belonging {
  const machine = readIdentity(runFile(lab, host));
  return { roots: machine ? [machine] : [], tag: `LIFEBOAT_MACHINE=${machineTag(lab, host).LIFEBOAT_MACHINE}`, data: dataOf(lab, host) };
}

/** Whether the machine runs, by looking at its processes: nothing is remembered. */
export function powerOf(lab: Lab, host: string): Power {
  const machine = readIdentity(runFile(lab, host));
  if (machine && isAlive(machine)) return 'On';
  return members(belongings(lab, host)).length > 0 ? 'On' : 'Off';
}

/** Starts the machine with its disk as it is. Nothing happens where it runs. */
export function powerOn(lab: Lab, host: string, by: string): void {
  if (powerOf(lab, host) === 'On') return;
  const env = { ...labTag(lab), ...machineTag(lab, host) };
  const machine = launch([...program('lab/machine'), lab.folder, host], { log: logFile(lab, host), env });
  writeIdentity(runFile(lab, host), machine.pid);
  enter(lab, host, 'Off', 'On', by);
}

/** Kills (-9) the machine and all that runs on it, frozen or not, and returns once nothing of it is left. */
export async function powerOff(lab: Lab, host: string, by: string, was = powerOf(lab, host)): Promise<void> {
  await killAll(belongings(lab, host));
  rmSync(runFile(lab, host), { force: true });
  // Proven dead, it left this behind; a postmaster that still is a zombie would make it look alive.
  rmSync(join(dataOf(lab, host), 'postmaster.pid'), { force: true });
  if (was === 'On') enter(lab, host, 'On', 'Off', by);
}

/** Asks the machine to shut down by itself, as its power button pressed shortly does. */
export async function powerSoft(lab: Lab, host: string, by: string): Promise<void> {
  const machine = readIdentity(runFile(lab, host));
  if (!machine || powerOf(lab, host) === 'Off') return;
  await call(hostOf(lab, host).control, secret(lab, 'token'), 'POST', '/shutdown');
  if (!(await gone(machine, 10_000))) throw new Error(`${host} did not shut down within 10 s.`);
  await powerOff(lab, host, by, 'On');
}

/** The ledger holds what really happened to the power, once each: the judge of what anyone claims to have done. */
function enter(lab: Lab, host: string, from: Power, to: Power, by: string): void {
  appendFileSync(ledgerFile(lab), `${JSON.stringify({ at: new Date().toISOString(), host, from, to, by })}\n`);
}
