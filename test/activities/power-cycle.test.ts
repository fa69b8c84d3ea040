import assert from 'node:assert/strict';
import type { StepContext } from '../../activities/step.ts';
import { carryOut, failure, rehearse, typeOf } from './estate.ts';
import { machine, type Machine } from './ipmi.ts';

describe('power.cycle', () => {
  const input = { host: 'a-db' };
  let at: Machine;
  beforeEach(async () => {
    at = await machine();
  });
  afterEach(() => at?.end());
  const over = () => Promise.reject(new Error('over'));

  it('changes nothing in its preflight, and not once the run no longer runs', async () => {
    assert.match((await typeOf('power.cycle').preflight(input, at.context())).join(' '), /power is On/);
    await assert.rejects(typeOf('power.cycle').execute(input, at.context({ stillOurs: over })), /over/);
    assert.deepEqual(at.ledger(), []);
  });

  it('cuts the power, sees it off, switches it on and waits for the host; once, though it is run twice', async () => {
    const made = at.context();
    const outcome = await carryOut('power.cycle', input, made);
    const { state, off, seen } = outcome.outputs as { state: string; off: string; seen: string };
    assert.equal(state, 'on');
    assert.ok(Date.parse(off) < Date.parse(seen));
    assert.deepEqual(at.ledger(), ['off', 'on']);
    await carryOut('power.cycle', input, { ...made, stillOurs: over } as StepContext);
    assert.deepEqual(at.ledger(), ['off', 'on']);
  });

  it('goes on where an attempt before it was killed: after it pressed, and after it saw the machine off', async () => {
    at.hand('off');
    await carryOut('power.cycle', input, at.context({ resume: { off: null } }));
    assert.deepEqual(at.ledger(), ['off', 'on']);
    at.hand('off');
    await carryOut('power.cycle', input, at.context({ resume: { off: new Date().toISOString() } }));
    assert.deepEqual(at.ledger(), ['off', 'on', 'off', 'on']);
    await carryOut('power.cycle', input, at.context({ resume: { off: new Date().toISOString() }, stillOurs: over }));
    assert.deepEqual(at.ledger(), ['off', 'on', 'off', 'on']);
  });

  it('does not believe that a machine was cycled which nobody saw off', async () => {
    const error = await failure(typeOf('power.cycle').verify(input, at.context()));
    assert.deepEqual([error.code, error.remedy], ['power-not-cycled', 'person']);
  });

  it('refuses where the system serves, or may serve, out of sight', async () => {
    const member = (site: string): StepContext => ({
      ...at.context(),
      system: {
        name: 'orders',
        tier: 1,
        postgres: {
          members: { [site]: 'a-db', 'site-c': 'c-db' },
          port: 1,
          data: {},
          bin: {},
          database: 'orders',
          user: 'lifeboat',
          service: {},
        },
      },
    });
    for (const act of ['preflight', 'execute'] as const) {
      const error = await failure(Promise.resolve(typeOf('power.cycle')[act](input, member('site-a'))));
      assert.deepEqual([error.code, error.remedy], ['host-serves', 'person']);
    }
    assert.deepEqual(at.ledger(), []);
    assert.match((await typeOf('power.cycle').preflight(input, member('site-b'))).join(' '), /power is On/);
  });

  it('proves its controller in a rehearsal, and presses nothing', async () => {
    const { outputs, evidence } = await rehearse('power.cycle', input, at.context({ live: false, stillOurs: over }));
    const { state, off, seen } = outputs as { state: string; off: null; seen: string };
    assert.deepEqual([state, off, Number.isNaN(Date.parse(seen))], ['on', null, false]);
    assert.match(evidence.join(' '), /power is On\..*Nothing was pressed/);
    assert.deepEqual(at.ledger(), []);
  });
});
