import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { BackupNews } from '../../activities/step.ts';
import { load } from '../../worker/run/folder.ts';
import { runActivities } from '../../worker/run/index.ts';
import { controlQueue } from '../../workflows/wire.ts';
import { types } from '../plan/types.ts';
import { asked, cast, choose, theStage, type Handle, type Play, type Stage } from './stage.ts';
import { ending, entries } from './scene.ts';

const hosts = Array.from({ length: 250 }, (_, n) => `  w${n}: { site: site-a, address: 10.0.${n >> 7}.${n & 127}, tags: [web] }\n`).join(
  '',
);
const saved = '{ hosts: { site-a: a-1 }, paths: [/srv], stores: { site-a: a-store }, copies: { site-a: b-store } }';
const inventory = `
sites: { site-a: { kind: physical, limits: { steps: 60 } }, site-b: { kind: physical } }
people: { leads: [alice, bob] }
hosts:
  a-1: { site: site-a, address: 10.77.1.1 }
  b-1: { site: site-b, address: 10.77.2.1 }
${hosts}stores:
  a-store: { tool: restic, host: a-1, path: /a, password-file: /key }
  b-store: { tool: restic, host: b-1, path: /b, password-file: /key }
systems:
  many-x: { backups: { files: ${saved} } }
  many-y: { tier: 2, depends-on: [many-x], backups: { files: ${saved} } }
  many-z: { tier: 2, backups: { files: ${saved} } }
`;
const wave = (text: string): string => `runbook: all
kind: restore
system: many-x
description: Looks at all.
steps:
  - { id: ok, gate: Go?, approvers: [leads] }
  - { id: look, uses: test.wait, needs: [ok], for-each: { hosts: { tag: web } }, with: { text: "${text} \${{ item }}" } }
`;
const save = `runbook: save
kind: backup
system: [many-x, many-y]
description: Saves.
steps:
  - { id: save, uses: test.wait }
`;

describe('what a worker compiles of many', () => {
  let theatre: Stage;
  let folder: string;
  before(async () => (theatre = await theStage()));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-many-'));
    await writeFile(join(folder, 'inventory.yaml'), inventory);
    await writeFile(join(folder, 'all.yaml'), wave('on'));
    await writeFile(join(folder, 'save.yaml'), save);
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function play<T>(
    kind: string,
    id: string,
    input: object,
    script: NonNullable<Play['script']>,
    act: (handle: Handle) => Promise<T>,
  ): Promise<T> {
    const own = runActivities({ site: 'site-b', runbooks: folder, namespace: 'default', types });
    const { 'run.compile': compile, 'run.page': page, 'run.children': children } = own;
    const worker = await cast(theatre, { steps: [], script, run: { 'run.compile': compile, 'run.page': page, 'run.children': children } });
    return worker.run(async () => {
      const handle = await theatre.client.workflow.start(kind, {
        workflowId: id,
        taskQueue: controlQueue,
        args: [{ by: 'zoe', ...input }],
        workflowTaskTimeout: '3 seconds',
        workflowExecutionTimeout: '2 minutes',
      });
      const deadline = new AbortController();
      try {
        return await Promise.race([act(handle), late(deadline.signal)]);
      } finally {
        deadline.abort();
        await handle.terminate('the scene is over').catch(() => undefined);
      }
    });
  }

  it('is carried out item by item, each as the plan has it', async () => {
    const seen: string[] = [];
    const script = {
      'test.wait.execute': ({ with: given }: { with: { [field: string]: unknown } }) => void seen.push(given['text'] as string),
    };
    await play('restore', 'restore-many-x', { system: 'many-x' }, script, async (handle) => {
      await choose(handle, await asked(handle, 'ok'), 'approve', 'alice');
      assert.equal((await ending(handle)).verdict, 'restored');
    });
    assert.deepEqual(seen.toSorted(), Array.from({ length: 250 }, (_, n) => `on w${n}`).toSorted());
  });

  it('is what was approved: of a runbook that was changed since nothing is carried out', async () => {
    const seen: string[] = [];
    const script = {
      'test.wait.execute': ({ with: given }: { with: { [field: string]: unknown } }) => void seen.push(given['text'] as string),
    };
    await play('restore', 'restore-many-x', { system: 'many-x' }, script, async (handle) => {
      const question = await asked(handle, 'ok');
      await writeFile(join(folder, 'all.yaml'), wave('off'));
      await choose(handle, question, 'approve', 'alice');
      const changed = await asked(handle, 'look');
      assert.match(changed.facts.map(({ value }) => value).join(' '), /the runbooks were changed/u);
      assert.ok(
        seen.every((text) => text.startsWith('on ')),
        seen.join(' '),
      );
      await writeFile(join(folder, 'all.yaml'), wave('on'));
      await choose(handle, changed, 'retry', 'alice');
      assert.equal((await ending(handle)).verdict, 'restored');
      assert.deepEqual([seen.length, new Set(seen).size], [250, 250]);
    });
  });

  it('of a whole site is a run for each of its systems, and says which has no runbook', async () => {
    const backed: string[] = [];
    const script: NonNullable<Play['script']> = {
      'test.wait.execute': ({ system: { name } }) => {
        backed.push(name);
        return { backups: [proven(name)] };
      },
    };
    await play('backup', 'backup-site-a', { site: 'site-a' }, script, async (handle) => {
      const end = await ending(handle);
      assert.equal(end.verdict, 'proven', end.why);
      assert.deepEqual(backed.toSorted(), ['many-x', 'many-y']);
      const [compiled] = await entries(handle, 'compiled');
      assert.match(JSON.stringify([compiled, await entries(handle, 'not-proven')]), /many-z/u);
      for (const system of ['many-x', 'many-y'])
        assert.equal((await ending(theatre.client.workflow.getHandle(`backup-${system}`))).verdict, 'proven');
    });
  });

  it('of a site that nothing serves from, or that the inventory does not have, is refused in words', async () => {
    for (const [site, why] of [
      ['site-b', /no system is known to be served from site-b/u],
      ['site-c', /the inventory has no site "site-c"; it has: site-a, site-b/u],
    ] as const)
      await play('backup', `backup-${site}`, { site }, {}, async (handle) => assert.match((await ending(handle)).why, why));
  });

  it('of a site whose systems have no runbook of the kind is refused, and names them', () =>
    play('failover', 'failover-site-a', { site: 'site-a', mode: 'planned' }, {}, async (handle) => {
      const { verdict, why } = await ending(handle);
      assert.equal(verdict, 'failed');
      assert.match(why, /many-x.*no runbook/u);
      assert.match(why, /Nothing was changed/u);
    }));

  it('is read from the files once, and again where one of them was changed', async () => {
    const [one, other] = await Promise.all([load(folder), load(folder)]);
    assert.equal(one.inventory, other.inventory);
    assert.equal((await load(folder)).runbooks, one.runbooks);
    await writeFile(join(folder, 'all.yaml'), wave('off'));
    const changed = await load(folder);
    assert.notEqual(changed.runbooks, one.runbooks);
    assert.equal((await load(folder)).inventory, changed.inventory);
    await rm(join(folder, 'save.yaml'));
    assert.deepEqual(
      (await load(folder)).runbooks.map(({ data }) => data.runbook),
      ['all'],
    );
  });
});

function proven(system: string): BackupNews {
  const at = new Date(Date.now() + 60_000).toISOString();
  const backup = { label: system, store: 'a-store', holds: 'files', kind: 'full', at, bytes: 1, provenAt: at, compared: ['all'] } as const;
  return { store: 'a-store', holds: 'files', complete: false, backups: [backup] };
}

async function late(signal: AbortSignal): Promise<never> {
  await setTimeout(40_000, undefined, { signal }).catch(() => undefined);
  throw new Error('the scene was not over within 40 s');
}
