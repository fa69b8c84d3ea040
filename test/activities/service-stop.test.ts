import assert from 'node:assert/strict';
import { needsFullLab } from '../full/can-stand.ts';
import { carryOut, failure, typeOf, undo } from './estate.ts';
import type { FullEstate } from './full.ts';
import { contextOf, estateWithUnits, host, startsOf, stateOf } from './units.ts';

const type = typeOf('service.stop');

describe('service.stop', () => {
  const input = { host, unit: 'orders-app' };
  let at: FullEstate;
  before(async function () {
    needsFullLab(this);
    this.timeout(120_000);
    at = await estateWithUnits();
  });
  after(() => at?.end());
  beforeEach(() => at?.inside(host, ['systemctl', 'start', 'orders-app']));

  it('stops a service, and reads back that nothing of it runs', async () => {
    const context = contextOf(at);
    assert.deepEqual((await carryOut('service.stop', input, context)).outputs, { state: 'inactive', boot: 'static' });
    await carryOut('service.stop', input, { ...context, stillOurs: () => Promise.reject(new Error('nothing is stopped')) });
    assert.equal(await stateOf(at, 'orders-app'), 'inactive');
  });

  it('starts again in its undo what it stopped, once, and leaves what was down before', async () => {
    const before = await startsOf(at);
    const context = contextOf(at);
    await carryOut('service.stop', input, context);
    await undo('service.stop', input, context);
    await undo('service.stop', input, context);
    assert.deepEqual([await stateOf(at, 'orders-app'), await startsOf(at)], ['active', before + 1]);
    await at.inside(host, ['systemctl', 'stop', 'orders-app']);
    const other = contextOf(at);
    await carryOut('service.stop', input, other);
    assert.match((await undo('service.stop', input, other)).join(), /was not stopped by this step/);
    assert.equal(await stateOf(at, 'orders-app'), 'inactive');
  });

  it("does not stop the system's own database", async () => {
    const error = await failure(type.execute({ host: 'a-db', unit: 'orders-db' }, contextOf(at)));
    assert.deepEqual([error.code, error.remedy], ['database-unit', 'mistake']);
    assert.equal(await stateOf(at, 'orders-db', 'a-db'), 'active');
  });

  it('changes nothing in its preflight', async () => {
    assert.match((await type.preflight(input, contextOf(at))).join(), /is active \(running\)/);
    assert.equal(await stateOf(at, 'orders-app'), 'active');
  });
});
