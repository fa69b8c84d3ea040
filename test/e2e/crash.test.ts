import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { fault } from '../../lab/fault.ts';
import type { RunResult } from '../../workflows/wire.ts';
import { deep, seed, share } from './seeded.ts';
import { asked, choose, endOf, signalFor, until, World, type LiveWorker } from './world.ts';

const steps = ['postgres.check', 'power.off', 'postgres.promote', 'notify.webhook'].map((type) => `${type}.execute`);
const own = ['requester', 'compile', 'preflight', 'facts', 'borrow', 'attest', 'measure', 'record', 'return'].map((name) => `run.${name}`);
const places = [
  ...own.flatMap((name) => [`${name}@before`, `${name}@after`]),
  ...steps.flatMap((name) => [`${name}@before`, `${name}@middle`, `${name}@after`]),
];
const matrix = places.flatMap((place) => ['kill', 'freeze'].map((how) => ({ place, how })));
const drawn = deep ? matrix : share(matrix, 7, seed);

/**
 * The judge is the world: the timeline of the database, the ledger of the power, the deliveries of the webhook.
 * A frozen worker wakes up once the run has ended, with its attempt still in its hands.
 */
describe(`a worker that dies or freezes (${drawn.length} of ${matrix.length} places, seed ${seed})`, function () {
  this.timeout(120_000);
  let world: World;
  before(async () => (world = await World.up({ lab: false })));
  after(() => world?.down());
  beforeEach(async () => {
    await world.stopWorkers();
    await world.newLab();
  });

  for (const [nth, { place, how }] of drawn.entries()) {
    it(`${how}s at ${place}: the same end, and each effect once`, async () => {
      const crash = { at: `${place}:${how}`, mark: `mark-${nth}` };
      const mark = join(world.folder, crash.mark);
      await Promise.all(['site-a', 'site-b'].map((site) => world.startWorker(site, crash)));
      await fault(world.lab.folder, 'kill-primary');
      const supervisor = supervise(world, mark);
      const handle = await world.start('unplanned', {}, `failover-orders-${nth}`);
      let end: RunResult;
      try {
        await handle.signal(await signalFor(handle, 'approve'), { by: 'alice@example.com' });
        end = await endOf(handle);
      } finally {
        await supervisor.end();
      }
      assert.ok(existsSync(mark), `the worker never came to ${place}`);
      assert.equal(end.verdict, 'recovered, unprotected', end.why);
      await once(world, handle);
    });
  }

  it('is killed at the gate, everywhere: an approval given while no worker runs counts', async () => {
    await Promise.all(['site-a', 'site-b'].map((site) => world.startWorker(site)));
    await fault(world.lab.folder, 'kill-primary');
    const handle = await world.start('unplanned', {}, 'failover-orders-gate');
    const question = await asked(handle, 'cut-over');
    await world.stopWorkers();
    await choose(handle, question, 'approve');
    await Promise.all(['site-a', 'site-b'].map((site) => world.startWorker(site)));
    assert.equal((await endOf(handle)).verdict, 'recovered, unprotected');
    await once(world, handle);
  });

  it('freezes at the gate, everywhere, while it is approved, and goes on', async () => {
    const workers = await Promise.all(['site-a', 'site-b'].map((site) => world.startWorker(site)));
    await fault(world.lab.folder, 'kill-primary');
    const handle = await world.start('unplanned', {}, 'failover-orders-frozen');
    const question = await asked(handle, 'cut-over');
    for (const worker of workers) worker.freeze();
    await choose(handle, question, 'approve');
    for (const worker of workers) worker.thaw();
    assert.equal((await endOf(handle)).verdict, 'recovered, unprotected');
    await once(world, handle);
  });
});

async function once(world: World, handle: WorkflowHandle): Promise<void> {
  assert.equal(await world.promotions('b-db'), 1, 'promotions');
  assert.equal((await world.power()).filter(({ host, to }) => host === 'a-db' && to === 'Off').length, 1, 'power-offs');
  const hooks = await world.hooks();
  assert.equal(new Set(hooks.map(({ key }) => key)).size, 1, 'notifications');
  const [row] = await world.sql<{ writable: boolean }>('b-db', 'select not pg_is_in_recovery() as writable');
  assert.ok(row?.writable);
  assert.equal((await handle.describe()).status.name, 'COMPLETED');
}

/** What a service manager does: starts a dead worker again, and one beside a frozen one. Thaws the frozen at its end. */
function supervise(world: World, mark: string): { end(): Promise<void> } {
  const frozen = new Set<LiveWorker>();
  let over = false;
  const watch = (async () => {
    while (!over) {
      for (const worker of [...world.workers]) {
        if (!worker.alive) {
          world.workers.splice(world.workers.indexOf(worker), 1);
          await world.startWorker(worker.site);
        } else if (!frozen.has(worker) && existsSync(mark) && stopped(worker.pid)) {
          frozen.add(worker);
          await world.startWorker(worker.site);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return {
    end: async () => {
      over = true;
      await watch;
      for (const worker of frozen) worker.thaw();
      // What a thawed worker still would do, it does at once: its pulse tells it within a second that its attempt is over.
      if (frozen.size > 0) await until(() => [...frozen].every((worker) => !stopped(worker.pid)), 'the frozen worker to wake');
      if (frozen.size > 0) await new Promise((resolve) => setTimeout(resolve, 1_500));
    },
  };
}

const stopped = (pid: number): boolean => / T /u.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/\(.*\)/u, ''));
