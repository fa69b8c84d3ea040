import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';

/** Answers a call: method, path parts, body. Throws to say what is wrong. */
export type Answer = (method: string, path: readonly string[], body: unknown) => Promise<unknown>;

/** A control interface on loopback for those who know the token. */
export function serve(port: number, token: string, answer: Answer): Promise<Server> {
  const server = createServer((request, response) => {
    const reply = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify(value ?? null));
    };
    if (!same(request.headers.authorization ?? '', `Bearer ${token}`)) return reply(401, { error: 'The token is missing or wrong.' });
    const path = (request.url ?? '/').split('/').filter(Boolean).map(decodeURIComponent);
    readBody(request)
      .then((body) => answer(request.method ?? 'GET', path, body === '' ? null : JSON.parse(body)))
      .then(
        (value) => reply(200, value),
        (error: unknown) => reply(500, { error: error instanceof Error ? error.message : String(error) }),
      );
  });
  return listening(server, port);
}

export function listening(server: Server, port: number, address = '127.0.0.1'): Promise<Server> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, address, () => done(server));
  });
}

export async function readBody(request: IncomingMessage, limit = 1 << 20): Promise<string> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) {
    text += part as string;
    if (text.length > limit) throw new Error(`A body of more than ${limit} characters is refused.`);
  }
  return text;
}

function same(left: string, right: string): boolean {
  const [one, two] = [Buffer.from(left), Buffer.from(right)];
  return one.length === two.length && timingSafeEqual(one, two);
}
