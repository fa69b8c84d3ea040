import assert from 'node:assert/strict';
import { StepError } from '../../activities/error.ts';
import { needsFullLab } from '../full/can-stand.ts';
import { carryOut, failure, typeOf, undo, until } from './estate.ts';
import type { FullEstate } from './full.ts';
import { contextOf, estateWithUnits, host, startsOf, stateOf } from './units.ts';

const type = typeOf('service.start');

describe('service.start', () => {
  const input = { host, unit: 'orders-app' };
  let at: FullEstate;
  before(async function () {
    needsFullLab(this);
    this.timeout(120_000);
    at = await estateWithUnits();
  });
  after(() => at?.end());
  afterEach(async () => {
    await at?.inside(host, ['systemctl', 'stop', 'orders-app', 'orders-broken']);
    await at?.heal();
  });

  it('starts a service once, and reads back that it stays up', async () => {
    const before = await startsOf(at);
    const context = contextOf(at);
    const outcome = await carryOut('service.start', input, context);
    assert.deepEqual(outcome.outputs, { state: 'active', boot: 'static' });
    await carryOut('service.start', input, { ...context, stillOurs: () => Promise.reject(new Error('nothing is started')) });
    assert.equal(await startsOf(at), before + 1);
    assert.equal(await stateOf(at, 'orders-app'), 'active');
  });

  it('does not believe systemctl: a service that dies at once was not started', async () => {
    const error = await failure(carryOut('service.start', { host, unit: 'orders-broken' }, contextOf(at)));
    assert.deepEqual([error.code, error.remedy], ['not-started', 'again']);
  });

  it('starts one again that died after an attempt before', async () => {
    const context = contextOf(at);
    await carryOut('service.start', input, context);
    await at.inside(host, ['systemctl', 'kill', '--signal=KILL', 'orders-app']);
    await until('it to be gone', async () => (await stateOf(at, 'orders-app')) === 'failed');
    await carryOut('service.start', input, context);
    assert.equal(await stateOf(at, 'orders-app'), 'active');
  });

  it('stops again in its undo what it started, and leaves what ran before', async () => {
    const context = contextOf(at);
    await carryOut('service.start', input, context);
    assert.match((await undo('service.start', input, context)).join(), /was started by this step, and is stopped again/);
    assert.equal(await stateOf(at, 'orders-app'), 'inactive');
    await undo('service.start', input, context);
    await at.inside(host, ['systemctl', 'start', 'orders-app']);
    const other = contextOf(at);
    await carryOut('service.start', input, other);
    assert.match((await undo('service.start', input, other)).join(), /was not started by this step: it is left active/);
    assert.equal(await stateOf(at, 'orders-app'), 'active');
  });

  it("never starts the system's own database, by whatever name or unit", async () => {
    for (const unit of ['orders-db', 'orders-db.service']) {
      for (const act of ['preflight', 'execute'] as const) {
        const error = await failure(type[act]({ host: 'b-db', unit }, contextOf(at)));
        assert.deepEqual([error.code, error.remedy], ['database-unit', 'mistake']);
      }
    }
    const error = await failure(type.execute({ host: 'a-db', unit: 'orders-all' }, contextOf(at)));
    assert.equal(error.code, 'database-unit');
    assert.equal(await stateOf(at, 'orders-all', 'a-db'), 'inactive');
  });

  it('knows no unit that is not there, and changes nothing in its preflight', async () => {
    const before = await startsOf(at);
    assert.match((await type.preflight(input, contextOf(at))).join(), /is inactive \(dead\)\.,ops on a-app may call systemd-run as root/);
    assert.equal(await startsOf(at), before);
    const error = await failure(type.preflight({ host, unit: 'nothing' }, contextOf(at)));
    assert.deepEqual([error.code, error.remedy], ['unit-missing', 'person']);
  });

  it('starts nothing once the run no longer runs', async () => {
    const late = contextOf(at, { stillOurs: () => Promise.reject(new StepError('not-ours', 'lent', 'person')) });
    assert.equal((await failure(type.execute(input, late))).code, 'not-ours');
    assert.equal(await stateOf(at, 'orders-app'), 'inactive');
  });

  it('says that a login is refused, or a host out of reach', async () => {
    const facts = at.hosts[host]!;
    const wrong = { [host]: { ...facts, ssh: { ...facts.ssh!, key: '/no/key' } } };
    assert.equal((await failure(type.preflight(input, contextOf(at, { hosts: wrong })))).code, 'ssh-login');
    await at.fault('cut-site', 'site-a');
    const far = { [host]: { ...facts, ssh: { ...facts.ssh!, key: `${facts.ssh!.key}` }, views: at.hosts['a-db']!.views } };
    const error = await failure(type.preflight(input, contextOf(at, { hosts: far })));
    assert.ok(['ssh-unreachable', 'command-silent', 'ssh-lost'].includes(error.code), error.message);
  });
});
