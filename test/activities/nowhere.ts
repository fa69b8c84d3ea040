import net from 'node:net';
import type { HostFacts, SystemFacts } from '../../plan/plan.ts';
import { context, type Options } from './estate.ts';

/** A context without an estate, for types that need none. */
export function plain(options: Options = {}) {
  const system: SystemFacts = { name: 'orders', tier: 1 };
  return context({ system, hosts: {} }, options);
}

/** A host that is one port of this machine. */
export function localHost(name: string, port: number): HostFacts {
  return { name, site: 'site-a', connection: 'local', alive: port, views: { default: { address: '127.0.0.1', ports: {} } } };
}

/** A server on a free port of this machine, by its handler; ended by `close`. */
export async function listen(server: net.Server): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port of this machine at which nothing listens. */
export async function closedPort(): Promise<number> {
  const { port, close } = await listen(net.createServer());
  await close();
  return port;
}
