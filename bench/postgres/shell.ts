import { join } from 'node:path';
import { command } from './command.ts';
import { admin, hostsOf, judge, killMember, places, start, startPrimary, streams, type Pair } from './pair.ts';
import type { Peer } from './peer.ts';

/** The floor: what a promotion costs when nobody looks, before or after. */
export const shell: Peer = {
  name: 'shell script',
  fence: 'none',
  proof: "pg_ctl's word",
  modes: ['told', 'planned'],
  notes: {
    told: '`pg_ctl promote` and nothing else: the floor.',
    planned: '`pg_ctl stop -m fast` at the primary, then `pg_ctl promote`; nothing compares what the standby has.',
  },
  version: () => Promise.resolve('pg_ctl'),
  async up(folder, mode) {
    const pair = await places(folder);
    await startPrimary(pair.primary);
    await clone(pair);
    await streams(pair);
    const { primary, standby } = pair;
    const pgCtl = ({ bin, data }: typeof primary, ...act: string[]) => [join(bin, 'pg_ctl'), ...act, '-w', '-D', data];
    return {
      hosts: hostsOf(pair),
      login: judge,
      kill: (loss) => killMember(primary, loss),
      tell: async () => {
        if (mode === 'planned') await command(pgCtl(primary, 'stop', '-m', 'fast'), { cwd: folder });
        await command(pgCtl(standby, 'promote'), { cwd: folder });
      },
    };
  },
};

async function clone({ primary, standby }: Pair): Promise<void> {
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', admin.user];
  await command([join(standby.bin, 'pg_basebackup'), ...from, '-D', standby.data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'], {
    cwd: standby.folder,
  });
  await start(standby);
}
