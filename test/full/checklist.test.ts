import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { types } from '../../activities/index.ts';
import { downFull } from '../../lab/full/down.ts';
import type { FullLab } from '../../lab/full/full-lab.ts';
import { sql } from '../../lab/full/pair.ts';
import { renew } from '../../lab/full/renew.ts';
import { siteCommand } from '../../lab/full/site-command.ts';
import { upFull } from '../../lab/full/up.ts';
import { compile } from '../../plan/compile.ts';
import { checklist } from '../../plan/export.ts';
import { loadFolder } from '../../plan/load.ts';
import type { Mode } from '../../plan/plan.ts';
import { commandsOf, follow } from '../e2e/person.ts';
import type { Crowd } from '../judge/crowd.ts';
import { needsFullLab } from './can-stand.ts';
import { fullCrowd } from './crowd.ts';
import { netOfTests } from './world.ts';

describe('a printed checklist, where there is no Temporal', function () {
  this.timeout(180_000);
  let folder: string;
  let lab: FullLab | undefined;
  let crowd: Crowd | undefined;
  before(async function () {
    needsFullLab(this);
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-full-'));
    await chmod(folder, 0o755);
    lab = await upFull({ folder: join(folder, 'lab'), net: netOfTests() });
  });
  afterEach(() => crowd?.stop());
  after(async () => {
    if (lab) await downFull(lab.folder);
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('moves a pair that serves, and loses nothing', async () => {
    crowd = await fullCrowd(lab!);
    assert.deepEqual(await followed('planned'), ['facts', 'quiesce', 'promote', 'name', 'traffic', 'rows']);
    await crowd.writes('b-db');
    crowd.neverTwo('a-db', 'b-db');
    await crowd.stop();
    assert.deepEqual(await crowd.lostOn('b-db'), []);
  });

  it('moves a pair whose primary is to be cut off', async () => {
    await renew(lab!);
    crowd = await fullCrowd(lab!);
    assert.deepEqual(await followed('unplanned'), ['facts', 'fence', 'promote', 'name', 'traffic', 'rows']);
    await crowd.writes('b-db');
    crowd.neverTwo('a-db', 'b-db');
    assert.equal((await sql<{ is: boolean }>(lab!, 'b-db', 'select pg_is_in_recovery() as is'))[0]!.is, false);
  });

  /** Does what the page says, at the sites that it names; returns the steps that had a command. */
  async function followed(mode: Mode): Promise<string[]> {
    const { inventory, runbooks } = await loadFolder(join(lab!.folder, 'runbooks'));
    const runbook = runbooks.find(({ data }) => data.runbook === 'orders-failover')!;
    const page = checklist(compile({ runbook, runbooks, inventory: inventory!, types, source: 'site-a', target: 'site-b' }), mode, types);
    const commands = commandsOf(page);
    for (const command of commands) await follow(command, siteCommand(lab!, command.at, ['bash']));
    return [...new Set(commands.map(({ step }) => step))];
  }
});
