import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { selfSigned } from '../../lab/certificate.ts';
import { fault, heal } from '../../lab/fault.ts';
import { controlQueue, runId, systemId, type Look, type Readiness, type SystemState } from '../../workflows/wire.ts';
import { LiveWorker, root, until, World } from './world.ts';

/** As it stands in the file. */
type Written = ReturnType<typeof parse>;

describe('whether a system is ready', function () {
  this.timeout(120_000);
  let world: World;
  let inventory: string;
  let shipped: string;
  before(async () => {
    world = await World.up();
    inventory = join(world.lab.folder, 'runbooks/inventory.yaml');
    shipped = await readFile(inventory, 'utf8');
    await edit(() => undefined);
  });
  after(() => world?.down());

  const system = () => world.client.workflow.getHandle(systemId('orders'));
  const state = (): Promise<SystemState> => system().query<SystemState>('state');
  async function look(): Promise<Readiness> {
    const started = Date.now();
    const result = await world.client.workflow.execute('readiness', {
      workflowId: runId('readiness', 'orders'),
      taskQueue: controlQueue,
      args: [{ system: 'orders' }],
    });
    assert.ok(Date.now() - started < 25_000, `a look took ${Date.now() - started} ms`);
    return result as Readiness;
  }
  /** Looks until a problem of that name is told, or told no more. */
  const told = (id: string, is = true): Promise<Readiness> =>
    until(
      async () => {
        const seen = await look();
        return problems(seen).includes(id) === is ? seen : null;
      },
      `${id} is ${is ? '' : 'not '}told`,
    );
  async function edit(change: (written: Written) => void): Promise<void> {
    const written = parse(shipped) as Written;
    // The small lab saves nothing: what would be promised of that is another test's.
    delete written['systems'].orders.promised;
    change(written);
    await writeFile(inventory, stringify(written));
  }

  it('says that a database has no backup, and is ready once people have accepted that', async () => {
    const first = await look();
    assert.equal(first.ready, false);
    assert.deepEqual(first.because, [
      'The database orders has no backup: no runbook of kind "backup" saves it. Write one, and schedule it.',
    ]);
    assert.deepEqual(
      problems(first),
      ['Temporal/one-machine', 'Temporal server/development-server', 'database orders/no-backup'].toSorted(),
    );
    assert.equal((await state()).ready?.is, false);
    const { code, err } = await world.cli(
      ...['findings', 'accept', 'orders', 'readiness/database orders/no-backup'],
      ...['--reason', 'practice', '--until', '2099-01-01', '--as', 'alice@example.com'],
    );
    assert.equal(code, 0, err);
    const second = await look();
    assert.deepEqual([second.ready, second.because, second.accepted.length], [true, [], 1]);
    const known = await state();
    assert.equal(known.ready?.is, true);
    assert.equal(known.proven?.readiness?.note, 'ready');
    assert.equal(known.lastRun, null, 'a look is no run');
    assert.equal(known.holder, null);
  });

  it('shows it in the attributes and on the page of the look, and on the command line, with 0', async () => {
    const { code, out } = await world.cli('check', '--live', 'orders', '--runbooks', join(world.lab.folder, 'runbooks'));
    assert.equal(code, 0, out);
    assert.match(out, /ready {2}orders\n/u);
    assert.match(out, /accepted {2}The database orders has no backup/u);
    assert.match(out, /soon {2}Temporal and all sites are on one machine/u);
    const described = await world.client.workflow.getHandle(runId('readiness', 'orders')).describe();
    assert.deepEqual(described.searchAttributes['LifeboatState'], ['ready']);
    assert.equal(described.status.name, 'COMPLETED');
  });

  it('names the site that has no worker, and keeps what was known of it', async () => {
    const [, gone] = world.workers.toSorted((one, other) => one.site.localeCompare(other.site));
    await gone!.kill();
    world.workers.splice(world.workers.indexOf(gone!), 1);
    const seen = await look();
    assert.ok(seen.because.includes('No worker at site-b took up the look in time: does one run there, against this Temporal?'));
    // That there is but one machine only both sites together tell.
    assert.match(seen.because.join(' '), /Temporal runs on the machine of the worker at site-a/u);
    assert.deepEqual(
      problems(seen).filter((id) => id.endsWith('no-worker')),
      ['worker site-b/no-worker'],
    );
    assert.equal(lookAt(seen, 'worker site-b').answered, false);
  });

  it('names the worker that works by other runbooks', async () => {
    const other = join(world.folder, 'other-runbooks');
    await cp(join(world.lab.folder, 'runbooks'), other, { recursive: true });
    await writeFile(join(other, 'orders-failback.yaml'), `# older\n${await readFile(join(other, 'orders-failback.yaml'), 'utf8')}`);
    const child = spawn(process.execPath, [join(root, 'test/e2e/crashing-worker.mjs'), 'site-b', other], {
      env: world.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const worker = new LiveWorker('site-b', child);
    await worker.ready();
    const seen = await look();
    await worker.kill();
    assert.deepEqual(
      problems(seen).filter((id) => id.endsWith('runbooks-differ')),
      ['worker site-a/runbooks-differ', 'worker site-b/runbooks-differ'],
    );
    assert.match(seen.because.join(' '), /The worker at site-b works by runbooks [0-9a-f]{12}.*, others do not: site-a by/u);
    await world.startWorker('site-b');
    await told('worker site-b/runbooks-differ', false);
    assert.deepEqual(
      (await state()).findings?.filter(({ subject }) => subject === 'worker site-b').map(({ state: is }) => is),
      ['closed', 'closed'],
    );
  });

  it('sees that nothing is replicated any more', async () => {
    await fault(world.lab.folder, 'cut-replication');
    const seen = await told('replication to b-db/not-streaming');
    assert.match(seen.because.join(' '), /b-db does not follow a-db: nothing receives there/u);
    await heal(world.lab.folder);
    await told('replication to b-db/not-streaming', false);
  });

  it('sees a version that is not the one that the inventory expects', async () => {
    await edit((written) => (written['systems'].orders.postgres.version = '14'));
    const seen = await look();
    assert.match(
      seen.because.join(' '),
      /PostgreSQL on a-db is \d+\.\S*.*, PostgreSQL on b-db is \d+\..*, and the inventory expects 14\./u,
    );
    const [row] = await world.sql<{ version: string }>('a-db', "select current_setting('server_version') as version");
    await edit((written) => (written['systems'].orders.postgres.version = /^\d+/u.exec(row!.version)![0]));
    assert.equal((await look()).ready, true);
  });

  it('sees that Temporal stands inside a site that it is to recover', async () => {
    await edit((written) => (written['sites']['site-a'].networks = ['127.0.0.0/8']));
    const seen = await look();
    assert.deepEqual(
      problems(seen).filter((id) => id.startsWith('Temporal/')),
      ['Temporal/one-machine', 'Temporal/temporal-inside'],
    );
    assert.match(seen.because.join(' '), /stands inside site-a \(127\.0\.0\.0\/8\)/u);
    await edit(() => undefined);
  });

  it('sees a certificate that has expired, and one that soon will', async () => {
    for (const [days, id] of [
      [-1, 'expired'],
      [7, 'expires-soon'],
    ] as const) {
      const server = await tlsServer(days);
      await edit((written) => (written['hosts']['a-db'].power.address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`));
      const seen = await look();
      server.close();
      assert.ok(problems(seen).includes(`certificate of controller a-db/${id}`), problems(seen).join('\n'));
    }
    await edit(() => undefined);
  });

  it('sees a fence that stands', async () => {
    const proof = { kind: 'fence', by: 'power.off', host: 'b-db', at: new Date().toISOString(), with: {}, evidence: [], latched: 'yes' };
    const loan = { system: 'orders', epoch: null, serving: 'site-a', verdict: 'failed', workflowId: 'planted' };
    await system().executeUpdate('return', { args: [{ ...loan, runId: 'planted-1', fences: [proof] }] });
    const seen = await look();
    assert.ok(problems(seen).includes('fence b-db/fence-stands'), problems(seen).join('\n'));
    await system().executeUpdate('return', { args: [{ ...loan, runId: 'planted-2', fences: [], lifted: ['b-db'] }] });
    await told('fence b-db/fence-stands', false);
  });

  it('sees that the last proven backup is older than is promised, and that one never was', async () => {
    await edit((written) => (written['systems'].orders.promised = { backup: '2 days', rehearsal: '35 days' }));
    const never = await look();
    assert.deepEqual(
      problems(never).filter((id) => id.startsWith('last ')),
      ['last backup/never-proven', 'last rehearsal/never-proven'],
    );
    const at = new Date(Date.now() - 3 * 86_400_000).toISOString();
    const backup = { label: 'old', store: 's', holds: 'database', kind: 'full', at, bytes: 1, provenAt: at, compared: ['rows'] };
    const news = { store: 's', holds: 'database', complete: true, backups: [backup] };
    await system().executeUpdate('return', {
      args: [
        {
          system: 'orders',
          epoch: null,
          serving: 'site-a',
          verdict: 'proven',
          fences: [],
          backups: [news],
          workflowId: 'planted',
          runId: 'planted-3',
        },
      ],
    });
    const old = await look();
    assert.match(
      old.because.join(' '),
      /The last backup that was restored and compared was old \(planted\) 3 days ago; one is promised every 2 days/u,
    );
    await edit(() => undefined);
  });

  it('sees a host that is gone', async () => {
    await fault(world.lab.folder, 'power', ['b-db', 'off']);
    const seen = await told('host b-db/host-gone');
    assert.match(seen.because.join(' '), /b-db gives no sign of life at port 22 as seen from site-b/u);
  });
});

const problems = ({ looks }: Readiness): string[] =>
  looks.flatMap(({ subject, problems: all }) => all.map(({ code }) => `${subject}/${code}`)).toSorted();

function lookAt({ looks }: Readiness, subject: string): Look {
  const found = looks.find((one) => one.subject === subject);
  assert.ok(found, `nobody looked at ${subject}: ${looks.map((one) => one.subject).join(', ')}`);
  return found;
}

/** Shows a certificate that is good for so many days. */
async function tlsServer(days: number): Promise<Server> {
  const { key, certificate } = selfSigned('controller', days);
  const server = createServer({ key, cert: certificate }).on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
