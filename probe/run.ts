import type { AddressInfo } from 'node:net';
import { Log } from './log.ts';
import { Prober } from './prober.ts';
import { serve } from './service.ts';
import { readTargets, secret, type Login } from './targets.ts';

export interface ProbeOptions {
  readonly inventory: string;
  /** `PORT` or `ADDRESS:PORT`. */
  readonly listen: string;
  /** Where it keeps what it saw. */
  readonly folder: string;
  readonly login?: Login;
}
export interface Probe {
  readonly port: number;
  readonly systems: readonly string[];
  stop(): Promise<void>;
}

/** Probes every system of an inventory that asks for it, until stopped. Throws where none does. */
export async function startProbe(options: ProbeOptions): Promise<Probe> {
  const targets = await readTargets(options.inventory, options.login);
  if (targets.length === 0)
    throw new Error(`${options.inventory}: no system has a probe. Give one "probe: { every: 100 milliseconds, good: 5 }".`);
  const probers: Prober[] = [];
  for (const target of targets) {
    probers.push(
      new Prober(target, new Log(options.folder, target.system), target.password === null ? undefined : await secret(target.password)),
    );
  }
  const { address, port } = listenAt(options.listen);
  const server = await serve(probers, port, address);
  const runs = probers.map((prober) => prober.run());
  return {
    port: (server.address() as AddressInfo).port,
    systems: targets.map(({ system }) => system),
    stop: async () => {
      for (const prober of probers) prober.stop();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await Promise.all(runs);
    },
  };
}

function listenAt(text: string): { address: string; port: number } {
  const [, address, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65535) throw new Error(`"${text}" is nowhere to listen: give PORT or ADDRESS:PORT.`);
  return { address: address ?? '127.0.0.1', port: Number(port) };
}
