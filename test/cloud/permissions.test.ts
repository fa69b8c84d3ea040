import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policiesOf } from '../../cli/show-iam.ts';
import { credentials } from '../../lab/aws/home.ts';
import { loadFolder } from '../../plan/load.ts';
import type { Policy, SitePolicy } from '../../plan/permissions.ts';
import { preflightFolder } from '../../worker/preflight.ts';
import { rows } from '../lab/cloud-estate.ts';
import { Random } from '../torture/random.ts';
import { attend } from './scene.ts';
import { CloudWorld } from './world.ts';

/** How many actions are taken away in turn; all of them in a deep run. */
const share = process.env['LIFEBOAT_TEST_DEEP'] === '1' ? Infinity : 6;
const seed = Number(process.env['LIFEBOAT_TEST_SEED'] ?? Math.floor(Math.random() * 1_000_000));

describe('under the policies that lifeboat iam prints', function () {
  this.timeout(share === Infinity ? 1_800_000 : 170_000);
  let world: CloudWorld;
  before(async () => {
    Object.assign(process.env, credentials);
    world = await CloudWorld.up({ sites: ['us-east-1', 'us-west-2'] });
  });
  after(() => world?.down());
  afterEach(() => world.cloud.settings({ iam: false, policies: {} }));

  const policies = async (name: string): Promise<readonly SitePolicy[]> => {
    const { runbooks, inventory } = await loadFolder(world.runbooks);
    const runbook = runbooks.find(({ data }) => data.runbook === name)!;
    return policiesOf(runbook, inventory!, {}, 'live');
  };
  const give = (all: readonly SitePolicy[], without?: string): Promise<void> => {
    const roles = new Map<string, Policy[]>();
    for (const { role, policy } of all) {
      const name = role!.split('/').at(-1)!;
      roles.set(name, [...(roles.get(name) ?? []), without === undefined ? policy : less(policy, without)]);
    }
    return world.cloud.settings({ iam: true, policies: Object.fromEntries(roles) });
  };

  it(`each action that is taken away is named by the preflight, and nothing without (seed ${seed})`, async () => {
    const all = await policies('shop-failover');
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-iam-'));
    try {
      for (const file of ['inventory.yaml', 'shop-failover.yaml']) await cp(join(world.runbooks, file), join(folder, file));
      const look = async () => (await preflightFolder(folder))[0]!;
      await give(all);
      const whole = await look();
      assert.ok(whole.ok, whole.lines.join('\n'));
      for (const action of sample(all)) {
        await give(all, action);
        const { ok, lines } = await look();
        const refused = lines.filter((line) => line.includes('NOT READY') && new RegExp(`\\b${action}\\b`, 'u').test(line));
        assert.ok(!ok && refused.length > 0, `without ${action}:\n${lines.join('\n')}`);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('the planned failover goes through', async () => {
    const shop = rows(world.lab);
    const [east, west] = await Promise.all([world.at('us-east-1'), world.at('us-west-2')]);
    const before = await shop.countOf(east, 'shop-db');
    await give(await policies('shop-failover'));
    const { end } = await attend(await world.start('failover', 'shop', { mode: 'planned' }));
    await world.cloud.settings({ iam: false, policies: {} });
    assert.equal(end.verdict, 'recovered', end.why);
    assert.equal(await shop.countOf(west, 'shop-db-west'), before);
  });
});

/** Without the right to ask what is allowed, nothing is known beforehand. */
function sample(all: readonly SitePolicy[]): readonly string[] {
  const actions = all.flatMap(({ policy }) => policy.Statement.flatMap(({ Effect, Action }) => (Effect === 'Allow' ? Action : [])));
  const some = [...new Set(actions)].filter((action) => action !== 'iam:SimulatePrincipalPolicy');
  const random = new Random(seed);
  const drawn = some.map((action) => ({ action, place: random.next() })).toSorted((one, other) => one.place - other.place);
  return drawn.slice(0, share).map(({ action }) => action);
}

function less({ Version, Statement }: Policy, action: string): Policy {
  const left = Statement.map((one) => ({ ...one, Action: one.Action.filter((other) => other !== action) }));
  return { Version, Statement: left.filter(({ Action }) => Action.length > 0) };
}
