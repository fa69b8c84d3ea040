import type { X509Certificate } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';

/** How long a server may take to show its certificate, milliseconds. */
const patience = 3_000;
/** What a client of PostgreSQL sends to ask for TLS. */
const request = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

/** The certificate that a server shows, whether it is trusted or not; null where it does not answer. */
export function shownBy(host: string, port: number): Promise<X509Certificate | null> {
  return shown(tls.connect({ host, port, rejectUnauthorized: false, ...named(host) }));
}

/** The same of a PostgreSQL server, which is asked for TLS first. */
export async function shownByPostgres(host: string, port: number): Promise<X509Certificate | 'plain' | 'silent'> {
  const socket = net.connect({ host, port });
  const answer = await new Promise<string>((resolve) => {
    const late = setTimeout(() => resolve(''), patience);
    const end = (text: string) => (): void => (clearTimeout(late), resolve(text));
    socket.once('connect', () => socket.write(request));
    socket.once('data', (data: Buffer) => end(String.fromCharCode(data[0] ?? 0))());
    socket.once('error', end('')).once('close', end(''));
  });
  if (answer === 'S') return (await shown(tls.connect({ socket, rejectUnauthorized: false, ...named(host) }))) ?? 'silent';
  socket.destroy();
  return answer === 'N' ? 'plain' : 'silent';
}

function shown(socket: tls.TLSSocket): Promise<X509Certificate | null> {
  return new Promise((resolve) => {
    const end = (certificate: X509Certificate | null): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(certificate);
    };
    const late = setTimeout(() => end(null), patience);
    socket.once('secureConnect', () => end(socket.getPeerX509Certificate() ?? null));
    socket.once('error', () => end(null));
  });
}

/** An address is no name that TLS may ask for. */
const named = (host: string): { servername?: string } => (net.isIP(host) ? {} : { servername: host });
