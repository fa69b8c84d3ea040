import { shown, spread, table, whole } from '../figures.ts';
import type { Mode, Peer } from './peer.ts';
import type { Failover, Switchover } from './round.ts';

/** Rounds by peer, or by peer and what was lost (`Patroni/machine`). */
export interface Measured {
  readonly told: Map<string, Failover[]>;
  readonly automatic: Map<string, Failover[]>;
  readonly planned: Map<string, Switchover[]>;
}

export function toldTable({ told }: Measured, peers: readonly Peer[]): string {
  const rows = peers.map((peer) => [
    peer.name,
    ...firstWrites(told.get(`${peer.name}/server`)),
    ...firstWrites(told.get(`${peer.name}/machine`)),
    peer.fence,
    peer.proof,
  ]);
  const head = ['', 'min', 'median', 'max', 'machine lost: min', 'median', 'max', 'fence before promotion', 'read back after it'];
  const title =
    'Table 1. Told at the moment of the kill: milliseconds from the kill of the primary to the first acknowledged write at the other site';
  const under = 'On the left the database is killed (-9) and its machine and keeper stay up; on the right the whole machine is lost.';
  return [title, under, '', table(head, rows, [0, 7, 8]), '', ...notes(peers, 'told')].join('\n');
}

export function automaticTable({ automatic }: Measured, peers: readonly Peer[]): string {
  const among = peers.filter(({ name }) => automatic.has(`${name}/machine`));
  const rows = among.map((peer) => {
    const all = automatic.get(`${peer.name}/machine`)!;
    const rest = all.map(({ firstWrite, detected }) => firstWrite - (detected ?? 0));
    return [peer.name, ...shown(spread(all.map(({ detected }) => detected ?? 0))), ...shown(spread(rest)), ...firstWrites(all), peer.fence];
  });
  const head = ['', 'detect: min', 'median', 'max', 'then: min', 'median', 'max', 'in all: min', 'median', 'max', 'fence before promotion'];
  const title =
    'Table 2. Automatic, the machine of the primary lost: milliseconds to its own log saying so, from there to the first write, and in all';
  const under =
    'Not to be compared with table 1: here nobody decides, and nobody is asked. Lifeboat has no such mode: it proposes, people decide.';
  return [title, under, '', table(head, rows, [0, 10]), '', ...notes(among, 'automatic')].join('\n');
}

export function plannedTable({ planned }: Measured, peers: readonly Peer[]): string {
  const among = peers.filter(({ name }) => planned.has(name));
  const rows = among.map(({ name }) => {
    const all = planned.get(name)!;
    const sum = (of: (one: Switchover) => number): number => all.reduce((total, one) => total + of(one), 0);
    const rate = spread(all.map(({ rowsPerSecond }) => rowsPerSecond)).median;
    return [
      name,
      ...shown(spread(all.map(({ gap }) => gap))),
      whole(rate),
      whole(sum((one) => one.acknowledged)),
      whole(sum((one) => one.lost)),
    ];
  });
  const head = ['', 'gap: min', 'median', 'max', 'rows/s', 'acknowledged', 'lost'];
  const title =
    'Table 3. Planned switchover under writers: the longest time in milliseconds that any of them had no row acknowledged, and rows lost';
  return [title, '', table(head, rows), '', ...notes(among, 'planned')].join('\n');
}

function firstWrites(all: readonly Failover[] | undefined): string[] {
  return all ? shown(spread(all.map(({ firstWrite }) => firstWrite))) : ['–', '–', '–'];
}

function notes(peers: readonly Peer[], mode: Mode): string[] {
  return peers.flatMap(({ name, notes: said }) => (said[mode] === undefined ? [] : [`${name}: ${said[mode]}`]));
}
