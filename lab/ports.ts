import { createServer, type Server } from 'node:net';

const first = 20_000;
const range = 12_000;
/** Neighbours from a place of this process's own: two labs that start in the same moment hardly ever choose the same. */
let next = Math.floor(Math.random() * range);

/**
 * Free ports of 127.0.0.1, below those that systems hand out to outgoing connections: a server that was
 * switched off finds its port free again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  try {
    while (held.length < count) {
      const server = await hold(first + (next++ % range));
      if (server) held.push(server);
    }
    return held.map((server) => (server.address() as { port: number }).port);
  } finally {
    await Promise.all(held.map((server) => new Promise((done) => server.close(done))));
  }
}

/** One of them, `wanted` if given. */
export async function freePort(wanted?: number): Promise<number> {
  return wanted ?? (await freePorts(1))[0]!;
}

/** Whether nothing listens there. */
export async function isFree(port: number): Promise<boolean> {
  const server = await hold(port);
  await new Promise((done) => (server ? server.close(done) : done(null)));
  return server !== null;
}

function hold(port: number): Promise<Server | null> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(null));
    server.listen(port, '127.0.0.1', () => done(server));
  });
}
