import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../activities/host/run.ts';
import type { StepContext } from '../../activities/step.ts';
import type { HostFacts } from '../../plan/plan.ts';
import { context, until, type Options } from './estate.ts';
import { closedPort, listen } from './nowhere.ts';

/** A real HAProxy on loopback in front of two servers that say their names, and what a test may ask of it from outside. */
export interface Traffic {
  readonly socket: string;
  readonly save: string;
  /** Who answers a new session; `nobody` where it is closed without a word. */
  get(): Promise<string>;
  /** A session that stays open until one side ends it. */
  hold(): Promise<net.Socket>;
  /** Sessions open at a server itself, whatever the proxy says of them. */
  open(server: 'a-db' | 'b-db'): number;
  api(command: string): Promise<string>;
  /** What every server is set to and how it does, without the times that pass by themselves. */
  states(): Promise<string>;
  reload(): Promise<void>;
  context(options?: Options): StepContext & { readonly beats: unknown[] };
  end(): Promise<void>;
}

export const edge: HostFacts = {
  name: 'edge',
  site: 'edge',
  connection: 'local',
  alive: 22,
  views: { default: { address: '127.0.0.1', ports: {} } },
};

export async function traffic(): Promise<Traffic> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-hap-'));
  const counts = { 'a-db': 0, 'b-db': 0 };
  const serve = (name: 'a-db' | 'b-db') =>
    listen(
      net.createServer((socket) => {
        counts[name] += 1;
        socket.on('close', () => (counts[name] -= 1));
        socket.write(`${name}\n`);
      }),
    );
  const [a, b, port] = [await serve('a-db'), await serve('b-db'), await closedPort()];
  const [socket, save, config] = [join(folder, 'admin.sock'), join(folder, 'state'), join(folder, 'haproxy.cfg')];
  writeFileSync(save, '');
  writeFileSync(
    config,
    `global
  stats socket ${socket} mode 600 level admin
  stats socket ${socket}.user mode 600 level operator
  server-state-file ${save}
defaults
  mode tcp
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  load-server-state-from-file global
frontend orders
  bind 127.0.0.1:${port}
  default_backend orders
backend orders
  server a-db 127.0.0.1:${a.port} check inter 200 fall 2 rise 1
  server b-db 127.0.0.1:${b.port} check inter 200 fall 2 rise 1 disabled
`,
  );
  chmodSync(folder, 0o755);
  const child = spawn('haproxy', ['-W', '-f', config], { stdio: 'ignore', cwd: folder });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const api = async (command: string): Promise<string> =>
    (await run(edge, ['socat', '-', `UNIX-CONNECT:${socket}`], { deadline: 3_000, input: `${command}\n` })).stdout;
  const connect = (): net.Socket => net.connect(port, '127.0.0.1').on('error', () => undefined);
  const get = (): Promise<string> =>
    new Promise((resolve) => {
      const one = connect();
      one.on('data', (data) => {
        one.destroy();
        resolve(String(data).trim());
      });
      one.on('close', () => resolve('nobody'));
    });
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    await Promise.all([a.close(), b.close()]);
    rmSync(folder, { recursive: true, force: true });
  };
  await until('the proxy', async () => existsSync(socket) && (await get()) === 'a-db').catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return {
    socket,
    save,
    get,
    hold: () =>
      new Promise((resolve, reject) => {
        const one = connect();
        one.once('data', () => resolve(one));
        one.once('close', () => reject(new Error('The session was closed at once.')));
      }),
    open: (server) => counts[server],
    api,
    states: async () =>
      (await api('show servers state'))
        .split('\n')
        .map((line) => line.split(' ').slice(3, 7).join(' '))
        .join('\n'),
    async reload() {
      const before = /^Pid: (\d+)/m.exec(await api('show info'))?.[1];
      child.kill('SIGUSR2');
      await until('a new worker of the proxy', async () => {
        const pid = /^Pid: (\d+)/m.exec(await api('show info').catch(() => ''))?.[1];
        return pid !== undefined && pid !== before;
      });
    },
    context: (options = {}) => context({ system: { name: 'orders', tier: 1 }, hosts: { edge } }, options),
    end,
  };
}

/** Sessions that are asked for all the time: who answered, in order. */
export function asked(at: Traffic): { stop(): Promise<readonly string[]> } {
  const answers: string[] = [];
  let on = true;
  const loop = (async () => {
    while (on) {
      answers.push(await at.get());
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  return {
    async stop() {
      on = false;
      await loop;
      return answers;
    },
  };
}
