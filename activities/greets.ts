import net from 'node:net';
import type { View } from '../plan/plan.ts';
import { reach } from './endpoint.ts';

/** What came back from a port. */
export interface Greeting {
  /** Whether at least one byte came back. A connection that is accepted and stays mute is no answer. */
  readonly greets: boolean;
  /** ISO time at which that was known. */
  readonly at: string;
  /** The first line of the greeting, at most 120 characters, or why there was none. */
  readonly text: string;
}

/** What a PostgreSQL server answers with one byte without a login: the request for an encrypted session. */
export const postgresKnock: Uint8Array = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

/**
 * Whether something answers at a port: its sign of life. Never throws and never takes longer than `timeout` milliseconds.
 * `knock` is sent first to services that wait for the other side to speak.
 */
export function greets(view: View, port: number, timeout = 1_000, knock?: Uint8Array): Promise<Greeting> {
  const where = reach(view, port);
  return new Promise((resolve) => {
    const socket = net.connect({ host: where.address, port: where.port });
    const timer = setTimeout(() => end(false, `no answer within ${timeout} ms`), timeout);
    let open = true;
    const end = (yes: boolean, text: string): void => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      socket.destroy();
      resolve({ greets: yes, at: new Date().toISOString(), text });
    };
    socket.on('connect', () => knock && socket.write(knock));
    socket.on('data', (data: Buffer) => end(true, firstLine(data)));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(false, error.code === 'ECONNREFUSED' ? 'connection refused' : (error.code ?? 'connection failed')),
    );
    socket.on('close', () => end(false, 'connection closed without an answer'));
  });
}

function firstLine(data: Buffer): string {
  return (data.toString('latin1').split(/[\r\n]/, 1)[0] ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
}
