import { connect, createServer, type Server, type Socket } from 'node:net';

/** What a line leads to: a port of a machine, or a greeting that the line itself gives. */
export type End = { readonly port: number } | { readonly greeting: string };

interface Pair {
  readonly near: Socket;
  far: Socket | null;
}

/**
 * A line from a viewpoint to one service. Cut, it is as a dead line: connections are taken and nothing flows, those under way
 * freeze; nobody is told. Healed, whatever was caught in it is dropped. Where the far end refuses, the near one is reset at once.
 */
export class Line {
  readonly port: number;
  readonly #end: End;
  readonly #pairs = new Set<Pair>();
  #server: Server | null = null;
  #cut = false;

  constructor(port: number, end: End) {
    this.port = port;
    this.#end = end;
  }

  get isCut(): boolean {
    return this.#cut;
  }

  get isOpen(): boolean {
    return this.#server !== null;
  }

  open(): Promise<void> {
    if (this.#server) return Promise.resolve();
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (near) => this.#take(near));
    this.#server = server;
    return new Promise((done, fail) => {
      server.once('error', fail);
      server.listen(this.port, '127.0.0.1', () => done());
    });
  }

  /** Nothing listens any more: connections are refused. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#dropAll();
    if (server) await new Promise((done) => server.close(done));
  }

  cut(): void {
    this.#cut = true;
    for (const { near, far } of this.#pairs) {
      near.pause();
      far?.pause();
    }
  }

  heal(): void {
    if (!this.#cut) return;
    this.#cut = false;
    this.#dropAll();
  }

  #take(near: Socket): void {
    const pair: Pair = { near, far: null };
    this.#pairs.add(pair);
    near.on('error', () => {});
    near.on('close', () => this.#lost(pair));
    if (this.#cut) return;
    if ('greeting' in this.#end) near.end(this.#end.greeting);
    else this.#join(pair, this.#end.port);
    near.resume();
  }

  #join(pair: Pair, port: number): void {
    const far = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    pair.far = far;
    far.on('error', () => {});
    far.on('close', () => this.#lost(pair));
    for (const [from, to] of [[pair.near, far] as const, [far, pair.near] as const]) {
      from.on('data', (bytes: Buffer) => {
        if (to.write(bytes)) return;
        from.pause();
        to.once('drain', () => this.#cut || from.resume());
      });
      from.on('end', () => this.#cut || to.end());
    }
  }

  #lost(pair: Pair): void {
    if (this.#cut) return;
    this.#pairs.delete(pair);
    drop(pair);
  }

  #dropAll(): void {
    for (const pair of this.#pairs) drop(pair);
    this.#pairs.clear();
  }
}

function drop({ near, far }: Pair): void {
  near.resetAndDestroy();
  far?.resetAndDestroy();
}
