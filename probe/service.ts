import { createServer, type Server } from 'node:http';
import { current, iso, outage } from './outage.ts';
import type { Prober } from './prober.ts';

/**
 * What was seen, over HTTP: `GET /systems`, `GET /systems/NAME`, `GET /systems/NAME/outage?since=ISO`,
 * `GET /systems/NAME/markers?to=NUMBER&before=ISO` (what was acknowledged, for those who compare a backup with it).
 * 404: no such system; 400: no time; 503: not known while the system does not serve.
 */
export function serve(probers: readonly Prober[], port: number, address = '127.0.0.1'): Promise<Server> {
  const server = createServer((request, response) => {
    answer(probers, new URL(request.url ?? '/', 'http://probe'), request.method ?? 'GET').then(([status, value]) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    }, fail);
    function fail(error: Error): void {
      response.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify({ error: error.message }));
    }
  });
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, address, () => done(server));
  });
}

async function answer(probers: readonly Prober[], url: URL, method: string): Promise<[number, unknown]> {
  const [systems, name, what] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  if (method !== 'GET') return [405, { error: 'The probe only answers: GET.' }];
  if (systems !== 'systems') return [404, { error: 'There is /systems, /systems/NAME and /systems/NAME/outage?since=ISO.' }];
  if (name === undefined) return [200, { systems: probers.map(({ target }) => target.system) }];
  const prober = probers.find(({ target }) => target.system === name);
  if (!prober) return [404, { error: `${name} is not probed. Probed: ${probers.map(({ target }) => target.system).join(', ')}.` }];
  if (what === undefined) return [200, state(prober)];
  if (what === 'markers') return markers(prober, url.searchParams);
  if (what !== 'outage') return [404, { error: `There is no /systems/${name}/${what}.` }];
  const since = Date.parse(url.searchParams.get('since') ?? '');
  if (Number.isNaN(since)) return [400, { error: 'Say since when: ?since=2026-01-31T12:00:00Z.' }];
  return [200, await outage(prober, since)];
}

/** At most so many markers are told, the newest. */
const most = 10_000;

function markers({ log }: Prober, asked: URLSearchParams): [number, unknown] {
  const to = Number(asked.get('to') ?? NaN);
  const before = Date.parse(asked.get('before') ?? '');
  if (!Number.isFinite(to) || Number.isNaN(before))
    return [400, { error: 'Say up to which number, and before when: ?to=1000&before=2026-01-31T12:00:00Z.' }];
  return [200, { probe: log.probe, newestBefore: log.newestBefore(before), markers: log.upTo(to, most).map(({ seq, id }) => [seq, id]) }];
}

function state(prober: Prober): object {
  const place = prober.serving?.place;
  return {
    serving: place?.host ?? null,
    site: place?.site ?? null,
    lastGoodAt: iso(prober.log.lastGoodAt),
    firstMissedAt: iso(current(prober)?.failedAt),
    goodInARow: prober.goodInARow,
    flush: prober.flush,
    clockOffset: prober.clockOffset,
    seen: prober.seen,
    problem: current(prober) ? prober.problem : null,
  };
}
