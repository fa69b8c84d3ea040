import { endpoint } from '../endpoint.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import type { Query } from './connect.ts';
import { there } from './directory.ts';
import type { Seat } from './seat.ts';
import { limited } from '../limit.ts';

/** Where Patroni answers questions, unless it was told otherwise. */
const restPort = 8008;
/** How long its interface may take, milliseconds: where nothing listens, the answer comes at once. */
const patience = 1_000;
/** Settings that Patroni gives the server on its command line, and nobody else gives all together. */
const given = [
  'cluster_name',
  'wal_level',
  'hot_standby',
  'max_connections',
  'max_wal_senders',
  'max_replication_slots',
  'max_worker_processes',
];

/** Throws where Patroni started the server that is asked: it keeps its roles itself, and two that do would fight. */
export async function notPatroni(query: Query, name: string): Promise<void> {
  const [row] = await query<{ given: number; sessions: number }>(
    `select (select count(*)::int from pg_settings where source = 'command line' and name = any($1)) as given,
       (select count(*)::int from pg_stat_activity where application_name ~ '^Patroni') as sessions`,
    [given],
  );
  if (row && row.sessions > 0) throw ranByPatroni(name, 'it has a session there');
  if (row && row.given === given.length) throw ranByPatroni(name, 'it gave the server its settings on the command line');
}

/** The same, also of a server that is down: by what Patroni keeps in the data directory, and by its interface. */
export async function notPatroniOn(seat: Seat, context: StepContext): Promise<void> {
  const file = `${seat.data}/patroni.dynamic.json`;
  const [files, answers] = await Promise.all([there(seat, [file]), patroniAnswers(seat.host.name, seat.host, context)]);
  if (answers) throw ranByPatroni(seat.host.name, answers);
  if (files.has(file)) throw ranByPatroni(seat.host.name, `its settings lie in ${file}`);
}

/** Throws where Patroni's interface answers at a host. */
export async function noPatroniAt(name: string, context: StepContext): Promise<void> {
  const answers = await patroniAnswers(name, context.host(name), context);
  if (answers) throw ranByPatroni(name, answers);
}

async function patroniAnswers(name: string, host: Seat['host'], context: StepContext): Promise<string | undefined> {
  const { address, port } = endpoint(host, restPort, context.viewpoint);
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/patroni`;
  try {
    const answer = await fetch(url, { signal: limited(context.signal, patience), redirect: 'error' });
    const said = (await answer.json()) as { patroni?: { version?: unknown; scope?: unknown } };
    const { version, scope } = said.patroni ?? {};
    if (typeof version !== 'string' || typeof scope !== 'string') return undefined;
    return `Patroni ${version} answers for the cluster "${scope}" at ${name} port ${port}`;
  } catch {
    // Nothing that speaks as Patroni does.
    return undefined;
  }
}

function ranByPatroni(name: string, sign: string): StepError {
  return new StepError(
    'patroni',
    `Patroni runs PostgreSQL on ${name} (${sign}): it would fight whatever is done behind its back. Nothing was done. Move it by \`patronictl switchover\` or \`patronictl failover\`, or pause Patroni and take the cluster out of it first.`,
    'person',
  );
}
