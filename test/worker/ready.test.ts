import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inventoryGrammar } from '../../plan/grammar/inventory.ts';
import { systemFacts } from '../../plan/facts.ts';
import { askAll } from '../../worker/run/ready/ask.ts';
import { covered, valuablesOf, type Cover } from '../../worker/run/ready/coverage.ts';
import { expiry } from '../../worker/run/ready/expiry.ts';
import { folderState } from '../../worker/run/ready/folder-state.ts';
import type { Planned } from '../../worker/run/ready/planned.ts';
import { userCertificate } from '../../worker/run/ready/ssh-certificate.ts';
import { placeOf } from '../../worker/run/ready/temporal.ts';

const day = 86_400_000;
const ago = (days: number): string => new Date(Date.now() - days * day).toISOString();
const codes = ({ problems = [] }: { readonly problems?: readonly { readonly code: string }[] }): string[] =>
  problems.map(({ code }) => code);

describe('questions of a look', () => {
  const signal = new AbortController().signal;
  const ask = (...questions: Parameters<typeof askAll>[0]) => askAll(questions, { within: 200, whole: 1_000, signal });

  it('that nobody answers are told to be unknown, which is not ready, and are not taken for answered', async () => {
    const [look] = await ask({ subject: 'host a', ask: () => new Promise(() => undefined) });
    assert.deepEqual([look?.answered, codes(look!)], [false, ['unknown']]);
  });
  it('that throw are problems with the code of what was thrown', async () => {
    const [look] = await ask({ subject: 'host a', ask: () => Promise.reject(new Error('no such thing')) });
    assert.deepEqual([look?.answered, codes(look!), look?.problems[0]?.text], [true, ['error'], 'no such thing']);
  });
  it('of one subject are told as one', async () => {
    const seen = { subject: 'host a', ask: async () => ({ seen: ['it greets'] }) };
    assert.deepEqual(
      (await ask(seen, seen)).map(({ seen: lines }) => lines),
      [['it greets']],
    );
  });
  it('that are never reached are unknown too', async () => {
    const slow = Array.from({ length: 60 }, (_, n) => ({ subject: `host ${n}`, ask: () => new Promise<never>(() => undefined) }));
    const started = Date.now();
    const looks = await ask(...slow);
    assert.ok(Date.now() - started < 3_000);
    assert.deepEqual([looks.length, looks.filter(({ answered }) => answered)], [60, []]);
  });
});

describe('what is saved of a system', () => {
  const saving = (uses: string, input: object = {}): Planned =>
    ({ plan: { runbook: 'orders-backup' }, action: { uses, with: input } }) as unknown as Planned;
  const backup = (store: string, at: string, provenAt: string | null) => ({
    ...{ label: `${store} ${at}`, store, holds: 'database' as const, kind: 'full' as const, at, bytes: 1, provenAt, compared: [] },
  });
  const scheduled = (idle: string | null) =>
    ({ entry: { kind: 'backup', input: { system: 'orders', runbook: 'orders-backup' } }, idle }) as unknown as Cover['scheduled'][number];
  const well: Cover = {
    saving: [saving('postgres.backup')],
    scheduled: [scheduled(null)],
    backups: [backup('site-a', ago(1), ago(1)), backup('site-b', ago(1), null)],
    promised: 2 * day,
    siteOf: (store) => store,
  };
  const database = { subject: 'database orders', holds: 'database' as const };

  it('is well where a schedule saves it, it was proven of late, and lies in two failure domains', () =>
    assert.deepEqual(codes(covered(database, well)), []));
  it('is not, where no backup runbook saves it', () =>
    assert.deepEqual(codes(covered(database, { ...well, saving: [saving('files.backup')] })), ['no-backup']));
  it('is not, where nothing is scheduled, or the schedule is paused', () => {
    assert.deepEqual(codes(covered(database, { ...well, scheduled: [] })), ['not-scheduled']);
    const paused = covered(database, { ...well, scheduled: [scheduled('the schedule orders-nightly is paused (holidays)')] });
    assert.match(paused.problems![0]!.text, /is not scheduled: the schedule orders-nightly is paused \(holidays\)\./u);
  });
  it('is not, where what was proven is older than is promised, or nothing was', () => {
    const stale = [backup('site-a', ago(5), ago(5)), backup('site-a', ago(1), null), backup('site-b', ago(1), null)];
    const answer = covered(database, { ...well, backups: stale });
    assert.deepEqual(codes(answer), ['unproven']);
    assert.match(answer.problems![0]!.text, /is 5 days old; one is promised every 2 days/u);
    assert.deepEqual(codes(covered(database, { ...well, backups: stale.slice(1) })), ['unproven']);
  });
  it('is not, where it lies at one site alone, or what lies at the other is old', () => {
    assert.deepEqual(codes(covered(database, { ...well, backups: well.backups.slice(0, 1) })), ['one-failure-domain']);
    const old = [backup('site-a', ago(1), ago(1)), backup('site-b', ago(9), ago(9))];
    assert.deepEqual(codes(covered(database, { ...well, backups: old })), ['one-failure-domain']);
  });
  it('is every database, path and instance that the inventory gives it where it serves', () => {
    const ids = { instances: ['i-0a10000000000000a', 'i-0a10000000000000b'], 'app-1': 'i-0a10000000000000a', key: 'arn:aws:kms:x' };
    const all = valuablesOf(
      { name: 'shop', tier: 1, rds: {} as never, resources: { east: ids, west: {} }, backups: { files: { paths: ['/srv/a'] } as never } },
      'east',
    );
    assert.deepEqual(
      all.map(({ subject }) => subject),
      ['database shop', 'path /srv/a', 'volumes of i-0a10000000000000a', 'volumes of i-0a10000000000000b'],
    );
    const volumes = { ...well, saving: [saving('ec2.snapshot', { id: 'i-0a10000000000000a' })] };
    assert.ok(!codes(covered(all[2]!, volumes)).includes('no-backup'));
    assert.deepEqual(codes(covered(all[3]!, volumes)), ['no-backup']);
  });
});

describe('where Temporal stands', () => {
  const inventory = (change: object = {}) =>
    inventoryGrammar.parse({
      sites: { 'site-a': { kind: 'physical', networks: ['10.77.1.0/24', 'fd00:1::/64'] }, 'site-b': { kind: 'physical' } },
      hosts: { 'a-db': { site: 'site-a', address: '10.77.1.11' }, 'b-db': { site: 'site-b', address: '10.77.2.11' } },
      systems: { orders: { postgres: { members: { 'site-a': 'a-db', 'site-b': 'b-db' }, data: '/d', login: { user: 'l' } } } },
      ...change,
    });
  const ways = [{ source: 'site-a', target: 'site-b', now: true }];
  const place = async (address: string, written = inventory()) => codes(await placeOf(address, written, ways));

  it('is well outside of all sites', async () => assert.deepEqual(await place('10.77.9.1:7233'), []));
  it('is wrong inside a network of a site', async () => {
    assert.deepEqual(await place('10.77.1.200:7233'), ['temporal-inside']);
    assert.deepEqual(await place('[fd00:1::7]:7233'), ['temporal-inside']);
  });
  it('is wrong on a host of a site', async () => assert.deepEqual(await place('10.77.2.11:7233'), ['temporal-inside']));
  it('is told of facts that the inventory really has', () => assert.ok(systemFacts(inventory(), 'orders')));
});

describe('what expires', () => {
  it('is red once it has, yellow within 30 days before, and well until then', () => {
    const said = (days: number) =>
      expiry('The certificate', new Date(Date.now() + days * day)).problems?.map(({ code, weight }) => `${weight} ${code}`) ?? [];
    assert.deepEqual([said(-1), said(29), said(31)], [['must expired'], ['should expires-soon'], []]);
  });

  it('is read of a certificate of ssh', async function () {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-ready-'));
    const keygen = (...argv: string[]) => promisify(execFile)('ssh-keygen', argv, { cwd: folder });
    await keygen('-q', '-t', 'ed25519', '-N', '', '-f', 'ca');
    await keygen('-q', '-t', 'ed25519', '-N', '', '-f', 'ops');
    const signal = new AbortController().signal;
    const key = join(folder, 'ops');
    assert.equal(await userCertificate(key, signal), null);
    await keygen('-q', '-s', 'ca', '-I', 'ops', '-n', 'ops', 'ops.pub');
    assert.equal(await userCertificate(key, signal), 'for ever');
    await keygen('-q', '-s', 'ca', '-I', 'ops', '-n', 'ops', '-V', '20200101:20210101', 'ops.pub');
    assert.equal(((await userCertificate(key, signal)) as Date).getFullYear(), 2021);
    await rm(folder, { recursive: true });
  });
});

describe('the state of a runbooks folder', () => {
  it('changes with every name and byte of its files, and with nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-ready-'));
    const digest = async (): Promise<string> => (await folderState(folder)).digest;
    await writeFile(join(folder, 'a.yaml'), 'one');
    const first = await digest();
    await writeFile(join(folder, 'notes.txt'), 'not a runbook');
    assert.equal(await digest(), first);
    await writeFile(join(folder, 'a.yaml'), 'two');
    assert.notEqual(await digest(), first);
    await rm(folder, { recursive: true });
  });
});
