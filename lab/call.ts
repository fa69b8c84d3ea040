import { request } from 'node:http';

/**
 * Calls a control interface of the lab on loopback and returns its JSON answer.
 * Throws with the interface's own words, or with code ECONNREFUSED where nothing listens.
 */
export function call(port: number, token: string, method: string, path: string, body?: unknown, within = 60_000): Promise<unknown> {
  return new Promise((done, fail) => {
    const sent = request(
      { host: '127.0.0.1', port, method, path, agent: false, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('error', fail);
        response.on('end', () => {
          const answer: unknown = text === '' ? null : JSON.parse(text);
          if (response.statusCode === 200) done(answer);
          else fail(new Error((answer as { error?: string } | null)?.error ?? `${method} ${path} answered ${response.statusCode}.`));
        });
      },
    );
    sent.setTimeout(within, () => sent.destroy(new Error(`${method} ${path} was not answered within ${within} ms.`)));
    sent.on('error', fail);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
