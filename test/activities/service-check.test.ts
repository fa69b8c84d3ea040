import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { needsFullLab } from '../full/can-stand.ts';
import { carryOut, failure, typeOf } from './estate.ts';
import type { FullEstate } from './full.ts';
import { localHost, plain } from './nowhere.ts';
import { contextOf, estateWithUnits, host } from './units.ts';

describe('service.check', () => {
  let at: FullEstate;
  before(async function () {
    needsFullLab(this);
    this.timeout(120_000);
    at = await estateWithUnits();
  });
  after(() => at?.end());
  const check = (input: object) => carryOut('service.check', { host, unit: 'ssh', ...input }, contextOf(at));

  it('reads whether a service runs', async () => {
    assert.equal(((await check({})).outputs as { state: string }).state, 'active');
    const error = await failure(check({ state: 'inactive' }));
    assert.deepEqual([error.code, error.remedy], ['service-state', 'again']);
    await check({ unit: 'orders-app', state: 'inactive' });
    assert.equal((await failure(check({ unit: 'orders-app' }))).code, 'service-state');
  });

  it('takes a failed service for neither', async () => {
    await at.inside(host, ['sh', '-c', 'systemctl start orders-broken; sleep 0.5']);
    for (const state of ['active', 'inactive']) assert.match((await failure(check({ unit: 'orders-broken', state }))).message, /is failed/);
  });

  it('reads whether it starts at boot: a database must not', async () => {
    const database = { host: 'b-db', unit: 'orders-db' };
    const { boot } = (await check({ ...database, boot: undefined })).outputs as { boot: string };
    assert.ok(['disabled', 'static'].includes(boot), boot);
    const error = await failure(check({ ...database, boot: 'enabled' }));
    assert.deepEqual([error.code, error.remedy], ['service-boot', 'person']);
  });

  it('knows no unit that is not there', async () => {
    assert.equal((await failure(check({ unit: 'nothing' }))).code, 'unit-missing');
    assert.match((await typeOf('service.check').preflight({ host, unit: 'ssh' }, contextOf(at))).join(), /ssh on a-app is active/);
  });

  it('says where there is no systemd', async function () {
    if (existsSync('/run/systemd/system')) {
      console.log('      skipped: this machine has one');
      this.skip();
    }
    const error = await failure(
      typeOf('service.check').verify({ host: 'here', unit: 'ssh' }, plain({ hosts: { here: localHost('here', 22) } })),
    );
    assert.deepEqual([error.code, error.remedy], ['no-systemd', 'person']);
  });
});
