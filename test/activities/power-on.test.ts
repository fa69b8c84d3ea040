import assert from 'node:assert/strict';
import { carryOut, context, estate, failure, rehearse, typeOf, type Estate } from './estate.ts';

describe('power.on', () => {
  const input = { host: 'a-db' };
  let at: Estate;
  before(async () => {
    at = await estate();
  });
  after(() => at?.end());
  const ons = () => at.ledger().filter((line) => line === 'a-db On').length;

  it('switches nothing in its preflight, and not once the run no longer runs', async () => {
    await at.control('POST', '/power/a-db/off');
    const before = at.ledger();
    assert.match((await typeOf('power.on').preflight(input, context(at))).join(' '), /power is Off/);
    await assert.rejects(typeOf('power.on').execute(input, context(at, { stillOurs: () => Promise.reject(new Error('over')) })), /over/);
    assert.deepEqual(at.ledger(), before);
  });

  it('switches a host on once and waits for its sign of life, with its database still down', async () => {
    const before = ons();
    for (let turn = 0; turn < 2; turn += 1) {
      const outcome = await carryOut('power.on', input, context(at));
      assert.equal((outcome.outputs as { state: string }).state, 'on');
      assert.match(outcome.evidence.join(' '), /port 22 .* greets with .* does not start at boot/);
    }
    assert.equal(ons(), before + 1);
    await assert.rejects(at.sql('a-db', 'select 1'), /ECONNREFUSED/);
  });

  it('goes on where an attempt before it was killed after the press', async () => {
    await at.control('POST', '/power/a-db/off');
    const before = ons();
    const stop = new AbortController();
    const killed = context(at, { signal: stop.signal });
    const first = typeOf('power.on')
      .execute(input, { ...killed, sleep: async () => stop.abort() })
      .catch(() => undefined);
    await first;
    await carryOut('power.on', input, context(at));
    assert.equal(ons(), before + 1);
  });

  it('says that a host is silent which the controller calls on', async () => {
    await at.control('PUT', '/cut/host', { from: 'site-b', host: 'a-db' });
    try {
      const error = await failure(typeOf('power.on').verify(input, context(at)));
      assert.deepEqual([error.code, error.remedy], ['host-silent', 'person']);
    } finally {
      await at.heal();
    }
  });

  it('proves its controller in a rehearsal, and presses nothing', async () => {
    const before = at.ledger();
    const { outputs, evidence } = await rehearse(
      'power.on',
      input,
      context(at, { live: false, stillOurs: () => Promise.reject(new Error('over')) }),
    );
    assert.equal(typeof (outputs as { seen: string }).seen, 'string');
    assert.match(evidence.join(' '), /power is On\..*Nothing was pressed/);
    await at.control('PUT', '/fault/a-db/dead');
    assert.equal((await failure(rehearse('power.on', input, context(at, { live: false })))).code, 'power-unreachable');
    await at.heal();
    assert.deepEqual(at.ledger(), before);
  });
});
