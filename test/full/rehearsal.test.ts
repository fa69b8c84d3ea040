import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { rootOf } from '../../lab/full/full-lab.ts';
import type { RunResult } from '../../workflows/wire.ts';
import { endOf, until } from '../e2e/world.ts';
import { Watch } from '../e2e/watch.ts';
import { needsFullLab } from './can-stand.ts';
import { fullCrowd } from './crowd.ts';
import { leftBy } from '../e2e/scene.ts';
import { momentAt } from './scene.ts';
import { FullWorld } from './world.ts';

/** Below this lies all that a rehearsal makes on a host, as the inventory has it. */
const copies = '/var/lib/postgresql/rehearsal';
const hosts = ['a-db', 'b-db', 'a-app', 'b-app'];

describe('each runbook for two sites, rehearsed beside a pair in service', function () {
  this.timeout(240_000);
  let world: FullWorld;
  let watch: Watch | undefined;
  before(async function () {
    needsFullLab(this);
    world = await FullWorld.up();
    for (const system of ['orders', 'a-app-host']) {
      const saved = await endOf(await world.start('backup', { system }, `backup-${system}`));
      assert.equal(saved.verdict, 'proven', saved.why);
    }
  });
  after(async () => world?.down());
  beforeEach(async () => {
    watch = await Watch.start(world, await fullCrowd(world.lab, { every: 500 }));
  });
  afterEach(() => watch?.stop());

  /** It passes, what is in service does not notice, and nothing is left; returns what was proved, each with how. */
  async function rehearsed(runbook: string, input: object = {}): Promise<string[]> {
    const end = await endOf(await world.start('rehearsal', { runbook, ...input }));
    assert.equal(end.verdict, 'rehearsed', end.why);
    await watch!.end(10_000);
    return proved(end);
  }

  async function proved(end: RunResult): Promise<string[]> {
    const { record, report } = await leftBy(end, 'site-b');
    const { cleanUp, proved: tried } = record.rehearsal!;
    assert.deepEqual([cleanUp?.left, cleanUp?.unseen], [[], []]);
    assert.match(report, /0 left over/u);
    for (const host of hosts) assert.deepEqual(below(host), [], host);
    return tried.map(({ step, how }) => `${step} ${how}`);
  }
  /** Read from outside. */
  function below(host: string): string[] {
    const root = join(rootOf(world.lab, host), copies);
    return existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }) : [];
  }
  const has = (all: readonly string[], wanted: readonly string[]): void => {
    assert.deepEqual(
      wanted.filter((one) => !all.includes(one)),
      [],
      all.join(', '),
    );
  };

  it('orders-failover promotes and asks a copy, and proves power, proxy and name', async () => {
    has(await rehearsed('orders-failover', { mode: 'unplanned' }), [
      ...['copy on a copy', 'promote on a copy', 'rows on a copy', 'copy-rows by reading'],
      ...['fence by reading', 'traffic by reading', 'name on a copy'],
    ]);
  });

  it('orders-failback does so too, as though the other site served', async () => {
    has(await rehearsed('orders-failback'), ['power by reading', 'copy on a copy', 'promote on a copy', 'rows on a copy']);
  });

  it('orders-backup restores and compares the copies of the last backup', async () => {
    has(await rehearsed('orders-backup'), ['database-proof on a copy', 'documents-proof on a copy']);
  });

  it('orders-restore restores to the newest point beside what is there, and asks what came of it', async () => {
    has(await rehearsed('orders-restore'), ['restore on a copy', 'adopt on a copy', 'rows on a copy']);
  });

  it('orders-corruption finds the last sound point in restored copies, without a damage in production', async () => {
    const [row] = await world.sql<{ n: number }>('a-db', 'select count(*)::int as n from lifeboat_markers');
    const since = await momentAt(world, 'a-db');
    const grown = async (): Promise<boolean> =>
      (await world.sql<{ n: number }>('a-db', 'select count(*)::int as n from lifeboat_markers'))[0]!.n > row!.n + 40;
    await until(grown, 'markers enough to be told apart', 60_000);
    const damaged = await momentAt(world, 'a-db');
    const archived = async (): Promise<boolean> => {
      const [last] = await world.sql<{ at: Date | null }>('a-db', 'select last_archived_time as at from pg_stat_archiver');
      return Date.parse(damaged) + 1_000 < (last?.at?.getTime() ?? 0);
    };
    await until(
      async () => {
        await world.sql('a-db', 'select pg_switch_wal()');
        return archived();
      },
      'the archive to hold that moment',
      60_000,
    );
    const healthy = `select count(*) < ${row!.n + 20} from lifeboat_markers`;
    has(await rehearsed('orders-corruption', { parameters: { healthy, since, damaged } }), ['point on a copy', 'adopt on a copy']);
  });

  it('orders-open-lines asks the devices, and opens nothing', async () => {
    has(await rehearsed('orders-open-lines'), ['open by reading']);
  });

  it('host-backup restores the files of the host and compares them', async () => {
    has(await rehearsed('host-backup', { system: 'a-app-host' }), ['proof on a copy']);
  });

  it('host-rebuild proves the controller by which a blank host is switched', async () => {
    has(await rehearsed('host-rebuild', { system: 'a-app-host' }), ['power by reading', 'start by reading']);
  });
});
