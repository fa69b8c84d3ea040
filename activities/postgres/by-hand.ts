import type { HandCommand, HandFacts } from '../by-hand/command.ts';
import { onHost, secretWord } from '../by-hand/shell.ts';
import { endpoint } from '../endpoint.ts';
import { quote } from '../host/quote.ts';
import { serviceRights } from '../host/rights.ts';
import { memberOf, postgresOf } from './connect.ts';

interface Check {
  readonly host: string;
  readonly role?: 'primary' | 'standby' | undefined;
  readonly query?: string | undefined;
  readonly expect?: string | number | boolean | null | undefined;
  readonly rows?: readonly { readonly table: string; readonly 'at-least': number }[] | undefined;
}

/** Role, rows and query of `postgres.check`. */
export function checkByHand({ host, role, query, expect = true, rows = [] }: Check, facts: HandFacts): HandCommand[] {
  const ask = psql(host, facts);
  return [
    {
      run: ask('select pg_is_in_recovery()'),
      shows:
        role === undefined ? '`f`: it is a primary; `t`: a standby' : role === 'standby' ? '`t`: it is a standby' : '`f`: it is a primary',
    },
    ...rows.map((row) => ({ run: ask(`select count(*) from ${row.table}`), shows: `at least ${row['at-least']}` })),
    ...(query === undefined
      ? []
      : [{ run: ask(query), shows: `\`${expect === true ? 't' : expect === false ? 'f' : String(expect ?? '')}\`` }]),
  ];
}

export function promoteByHand({ host }: { readonly host: string }, facts: HandFacts): HandCommand[] {
  const ask = psql(host, facts);
  return [
    { run: ask('select pg_promote(true, 30)'), shows: '`t`' },
    { run: ask('select not pg_is_in_recovery() and pg_current_xact_id() is not null'), shows: '`t`: it is a primary and takes writes' },
  ];
}

interface Quiesce {
  readonly host: string;
  readonly standby?: string | undefined;
}

/** Stops the primary cleanly, and proves that the standby, where there is one, has everything it wrote. */
export function quiesceByHand({ host: name, standby }: Quiesce, facts: HandFacts): HandCommand[] {
  const host = facts.host(name);
  const postgres = memberOf(host, facts.system);
  const { [host.site]: bin } = postgres.bin;
  const { [host.site]: data = '' } = postgres.data;
  const { [host.site]: service } = postgres.service;
  if (service === undefined) return [];
  const control = onHost(host, [bin === undefined ? 'pg_controldata' : `${bin}/pg_controldata`, data], facts.viewpoint, postgres.owner);
  return [
    {
      run: onHost(host, service.stop, facts.viewpoint, serviceRights(host, service.stop).as),
      shows: `nothing that looks like an error: PostgreSQL on ${name} stops`,
    },
    { run: `${control} | grep 'cluster state'`, shows: '`shut down`, and nothing else: it ended cleanly' },
    ...(standby === undefined
      ? []
      : [
          {
            run: `end="$(${control} | sed -n 's/^Latest checkpoint location: *//p')"; ${psql(standby, facts)("select pg_last_wal_receive_lsn() > '$end'", true)}`,
            shows: `\`t\`: ${standby} has everything that ${name} wrote`,
          },
        ]),
  ];
}

/** A question to a member, as a line that prints the answer alone. `open`: the shell fills in what begins with `$`. */
function psql(name: string, { host, system, viewpoint }: HandFacts): (sql: string, open?: boolean) => string {
  const { port, user, password, database } = postgresOf(system);
  const where = endpoint(host(name), port, viewpoint);
  const secret = password === undefined ? '' : `PGPASSWORD=${secretWord(password)} `;
  const login = ['-X', '-h', where.address, '-p', String(where.port), '-U', user, '-d', database].map(quote).join(' ');
  return (sql, open = false) => `${secret}psql ${login} -Atc ${open ? `"${sql}"` : quote(sql)}`;
}
