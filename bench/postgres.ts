import { parseArgs } from 'node:util';
import { ansible } from './postgres/ansible.ts';
import { autoFailover } from './postgres/auto-failover.ts';
import { installed } from './postgres/installed.ts';
import { lifeboat } from './postgres/lifeboat.ts';
import { patroni } from './postgres/patroni.ts';
import { Missing, type Mode, type Peer } from './postgres/peer.ts';
import { repmgr } from './postgres/repmgr.ts';
import { automaticTable, plannedTable, toldTable, type Measured } from './postgres/report.ts';
import { failOver, interrupt, switchOver } from './postgres/round.ts';
import { shell } from './postgres/shell.ts';

/**
 * Moving a PostgreSQL pair to its other member, by Lifeboat and by its peers, seen by a writer that owes none of them anything: all on
 * this machine, a new pair each round, peers in turns. Options: --rounds N (5), --only NAME,… (how a name begins),
 * --modes told,automatic,planned (all). Exit status 1 where a round failed or a planned one lost a row.
 */
const peers: readonly Peer[] = [shell, repmgr, patroni, autoFailover, ansible, lifeboat];
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    modes: { type: 'string', default: 'told,automatic,planned' },
  },
});
const rounds = Number(values.rounds);
const wanted = values.only.toLowerCase().split(',');
const modes = values.modes.split(',') as Mode[];

// The lab takes the PostgreSQL that it finds first: all have the same.
process.env['PATH'] = `${installed()}:${process.env['PATH']}`;
const here = await present(peers.filter(({ name }) => wanted.some((word) => name.toLowerCase().startsWith(word.trim()))));
let stopped = false;
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    stopped = true;
    interrupt();
  });
if (here.length === 0) throw new Error(`nobody is left to measure; there are ${peers.map(({ name }) => name).join(', ')}`);
const measured: Measured = { told: new Map(), automatic: new Map(), planned: new Map() };
for (let n = 1; n <= rounds; n += 1) {
  // Each goes first in its turn: what the machine does besides hits all of them alike.
  const turn = here.map((_, at) => here[(at + n - 1) % here.length]!);
  for (const peer of turn) for (const mode of modes) if (peer.modes.includes(mode) && !stopped) await round(n, peer, mode);
}
const say: { readonly [mode in Mode]: (all: Measured, among: readonly Peer[]) => string } = {
  told: toldTable,
  automatic: automaticTable,
  planned: plannedTable,
};
for (const mode of modes) console.log(`\n${say[mode](measured, here)}`);
if (stopped) process.exitCode = 130;
if ([...measured.planned.values()].flat().some(({ lost }) => lost > 0)) process.exitCode = 1;

/** Those that are installed, with their versions said; the others are said too. */
async function present(all: readonly Peer[]): Promise<Peer[]> {
  const found: Peer[] = [];
  for (const peer of all) {
    try {
      console.log(`${peer.name}: ${await peer.version()}`);
      found.push(peer);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      console.error(`${peer.name} IS LEFT OUT: ${error.message}`);
    }
  }
  return found;
}

async function round(n: number, peer: Peer, mode: Mode): Promise<void> {
  const losses = mode === 'told' ? (['server', 'machine'] as const) : (['machine'] as const);
  try {
    if (mode === 'planned') keep(measured.planned, peer.name, await switchOver(peer));
    else for (const loss of losses) keep(measured[mode], `${peer.name}/${loss}`, await failOver(peer, mode, loss));
    console.error(`round ${n}: ${peer.name}, ${mode}`);
  } catch (error) {
    console.error(`round ${n}: ${peer.name}, ${mode} FAILED: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

function keep<T>(all: Map<string, T[]>, name: string, one: T): void {
  all.set(name, [...(all.get(name) ?? []), one]);
}
