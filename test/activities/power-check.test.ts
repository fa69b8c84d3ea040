import assert from 'node:assert/strict';
import type { PowerFacts } from '../../plan/plan.ts';
import { carryOut, context, estate, failure, rehearse, typeOf, type Estate } from './estate.ts';

describe('power.check', () => {
  let at: Estate;
  before(async () => {
    at = await estate();
  });
  after(() => at?.end());
  afterEach(async () => {
    await at.heal();
    await at.control('POST', '/power/a-db/on');
  });
  const input = (state: 'on' | 'off' = 'on') => ({ host: 'a-db', state });
  const withPower = (power: Partial<PowerFacts>) => ({
    hosts: { ...at.hosts, 'a-db': { ...at.hosts['a-db']!, power: { ...at.hosts['a-db']!.power!, ...power } } },
  });

  it('reads the power and changes nothing, in a rehearsal too', async () => {
    const before = at.ledger();
    const outcome = await carryOut('power.check', input(), context(at));
    assert.deepEqual(outcome.outputs, { state: 'on', alive: true, restore: null });
    assert.match(outcome.evidence.join(' '), /power is On\. .* no power-restore policy\. a-db port 22 .* greets/);
    assert.deepEqual((await rehearse('power.check', input(), context(at))).outputs, outcome.outputs);
    assert.match((await typeOf('power.check').preflight(input(), context(at))).join(' '), /power is On/);
    assert.deepEqual(at.ledger(), before);
  });

  it('fails where the power is not as promised', async () => {
    const on = await failure(carryOut('power.check', input('off'), context(at)));
    assert.deepEqual([on.code, on.remedy], ['power-not-as-promised', 'person']);
    await at.control('POST', '/power/a-db/off');
    assert.equal((await failure(carryOut('power.check', input('on'), context(at)))).code, 'power-not-as-promised');
    assert.deepEqual((await carryOut('power.check', input('off'), context(at))).outputs, { state: 'off', alive: false, restore: null });
  });

  it('hears that a controller lies: the host that it calls off answers', async () => {
    await at.control('PUT', '/fault/a-db/lies');
    await carryOut('power.off', { host: 'a-db' }, context(at)).catch(() => undefined);
    const error = await failure(carryOut('power.check', input('off'), context(at)));
    assert.deepEqual([error.code, error.remedy], ['power-lies', 'person']);
  });

  it('says what stands in its way: a dead controller, a wrong login, none at all', async () => {
    await at.control('PUT', '/fault/a-db/dead');
    const dead = await failure(carryOut('power.check', input(), context(at)));
    assert.deepEqual([dead.code, dead.remedy], ['power-unreachable', 'again']);
    await at.heal();
    assert.equal((await failure(carryOut('power.check', input(), context(at, withPower({ user: 'nobody' }))))).code, 'power-login');
    const { power, ...bare } = at.hosts['a-db']!;
    assert.ok(power);
    assert.equal((await failure(carryOut('power.check', input(), context(at, { hosts: { 'a-db': bare } })))).code, 'no-controller');
  });
});
