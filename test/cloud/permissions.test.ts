import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '../../lab/aws/home.ts';
import type { SitePolicy } from '../../plan/permissions.ts';
import { preflightFolder } from '../../worker/preflight.ts';
import { rows } from '../lab/cloud-estate.ts';
import { Random } from '../torture/random.ts';
import { give, policiesAt, ungive } from './policies.ts';
import { attend } from './scene.ts';
import { CloudWorld } from './world.ts';

/** How many actions are taken away in turn; all of them in a deep run. */
const share = process.env['LIFEBOAT_TEST_DEEP'] === '1' ? Infinity : 4;
const seed = Number(process.env['LIFEBOAT_TEST_SEED'] ?? Math.floor(Math.random() * 1_000_000));

describe('under the policies that lifeboat iam prints', function () {
  this.timeout(share === Infinity ? 1_800_000 : 170_000);
  let world: CloudWorld;
  before(async () => {
    Object.assign(process.env, credentials);
    world = await CloudWorld.up({ sites: ['us-east-1', 'us-west-2'] });
  });
  after(() => world?.down());
  afterEach(() => ungive(world));

  for (const name of ['shop-backup', 'shop-failover'])
    it(`${name}: each action that is taken away is named by the preflight, and none without (seed ${seed})`, async () => {
      const all = await policiesAt(world, name);
      const folder = await mkdtemp(join(tmpdir(), 'lifeboat-iam-'));
      try {
        for (const file of ['inventory.yaml', `${name}.yaml`]) await cp(join(world.runbooks, file), join(folder, file));
        const look = async () => (await preflightFolder(folder))[0]!;
        await give(world, all);
        const whole = await look();
        assert.ok(whole.ok, whole.lines.join('\n'));
        for (const action of sample(all)) {
          await give(world, all, action);
          const { ok, lines } = await look();
          assert.ok(!ok && lines.some((line) => new RegExp(`\\b${action}\\b`, 'u').test(line)), `without ${action}:\n${lines.join('\n')}`);
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    });

  it('the planned failover goes through', async () => {
    const shop = rows(world.lab);
    const [east, west] = await Promise.all([world.at('us-east-1'), world.at('us-west-2')]);
    const before = await shop.countOf(east, 'shop-db');
    await give(world, await policiesAt(world, 'shop-failover'));
    const { end } = await attend(await world.start('failover', 'shop', { mode: 'planned' }));
    await ungive(world);
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
