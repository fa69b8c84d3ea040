import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { eventsFile, hooksFile, type Lab } from './lab.ts';
import { listening, readBody } from './serve.ts';

/**
 * The receiver of notifications: what a step sends becomes a line of hooks.jsonl, what people hear of by itself one of events.jsonl.
 * It can lose its answer to a step, as a network does.
 */
export async function serveHooks(
  lab: Pick<Lab, 'folder' | 'hooks'>,
  address = '127.0.0.1',
): Promise<{ lose(times: number): void; losing(): number }> {
  let left = 0;
  const server = createServer((request, response) => {
    void readBody(request).then(
      (body) => {
        const entry = {
          at: new Date().toISOString(),
          method: request.method,
          path: request.url,
          key: request.headers['idempotency-key'] ?? null,
          signature: request.headers['lifeboat-signature'] ?? null,
          body: parsed(body),
          raw: body,
        };
        const event = request.url === '/events';
        appendFileSync(event ? eventsFile(lab) : hooksFile(lab), `${JSON.stringify(entry)}\n`);
        if (left > 0 && !event) {
          left -= 1;
          request.socket.destroy();
        } else response.writeHead(200, { 'content-type': 'application/json' }).end('{"received":true}');
      },
      () => request.socket.destroy(),
    );
  });
  await listening(server, lab.hooks, address);
  return { lose: (times) => void (left = times), losing: () => left };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
