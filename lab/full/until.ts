import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { address, type FullLab } from './full-lab.ts';
import { devices, machines } from './shape.ts';

/** Waits until it holds; throws, saying what was waited for, after `within` milliseconds. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, within = 30_000): Promise<void> {
  for (const deadline = Date.now() + within; !(await holds()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`Waited ${within / 1000} s for ${what}.`);
  }
}

/** Whether the ssh server of a host or a device says who it is, as seen from hq. */
export function greets(lab: FullLab, name: string, within = 500): Promise<boolean> {
  const at = machines[name]?.at ?? devices[name]?.at ?? '';
  return new Promise((done) => {
    const socket = connect({ host: address(lab, at), port: 22, timeout: within });
    const end = (ok: boolean) => (): void => {
      socket.destroy();
      done(ok);
    };
    socket.once('data', end(true)).on('error', end(false)).on('timeout', end(false)).on('close', end(false));
  });
}
