import assert from 'node:assert/strict';
import { run } from '../../activities/host/run.ts';
import type { Proof } from '../../activities/step.ts';
import { needsFullLab } from '../full/can-stand.ts';
import { carryOut, context, failure, rehearse, typeOf, until } from './estate.ts';
import { fullEstate, type FullEstate } from './full.ts';

describe('fence.lift', () => {
  const input = { host: 'a-db' };
  let at: FullEstate;
  before(async function () {
    needsFullLab(this);
    this.timeout(120_000);
    at = await fullEstate();
  });
  after(async () => at?.end());

  const port = () => at.hosts['a-db']!.port!;
  const tell = async (act: 'cut' | 'heal' | 'state') => (await run(port().device, port()[act], { deadline: 5_000 })).stdout.trim();
  const unit = (act: string) => at.inside('a-db', ['systemctl', act, 'orders-db']).catch((error: Error) => error.message);
  const fence = (latched: Proof['latched']): Proof => ({
    kind: 'fence',
    by: 'fence.network',
    host: 'a-db',
    at: '2026-11-22T10:00:00.000Z',
    with: input,
    evidence: [],
    latched,
  });
  const refused = async (options = {}) => {
    const error = await failure(typeOf('fence.lift').execute(input, context(at, options)));
    assert.equal(error.remedy, 'person');
    return error.code;
  };

  const calm = () => context(at, { live: false, stillOurs: () => Promise.reject(new Error('nothing is changed')) });

  it('proves in a rehearsal that the lines can be asked, and opens none', async () => {
    const { outputs, lifts, evidence } = await rehearse('fence.lift', input, calm());
    assert.deepEqual([outputs, lifts], [{ opened: ['the switch port of a-db', 'site-a at its router'], harmless: 'serves' }, undefined]);
    assert.match(evidence.join(' '), /switch port of a-db is open\. .*would not be lifted.* Nothing was opened/);
  });

  it('leaves a primary fenced: one that answers, and one that nobody can ask', async () => {
    assert.equal(await refused(), 'still-primary');
    await tell('cut');
    const said = (await typeOf('fence.lift').preflight(input, context(at))).join(' ');
    assert.match(said, /port of a-db is cut\. .* As things are, the fence may not be lifted/);
    assert.equal(await refused({ fences: [fence('yes')] }), 'lift-unknown');
    assert.equal(await tell('state'), 'cut');
    assert.equal((await unit('is-active')).trim(), 'active');
  });

  it('proves nothing in a rehearsal of a host that nobody can ask, and opens no line of it', async () => {
    assert.equal((await failure(rehearse('fence.lift', input, calm()))).code, 'lift-unknown');
    assert.equal(await tell('state'), 'cut');
  });

  it('opens the line of a host that is off, if the fence knew that its database stays down at boot', async () => {
    await carryOut('power.off', input, context(at, { seen: { 'a-db': new Date().toISOString() } }));
    assert.equal(await refused({ fences: [fence('unknown')] }), 'lift-unknown');
    assert.equal(await refused(), 'lift-unknown');
    const late = context(at, { fences: [fence('yes')], stillOurs: () => Promise.reject(new Error('over')) });
    await assert.rejects(typeOf('fence.lift').execute(input, late), /over/);
    assert.equal(await tell('state'), 'cut');

    const outcome = await carryOut('fence.lift', input, context(at, { fences: [fence('yes')] }));
    assert.deepEqual(outcome.lifts, ['a-db']);
    assert.deepEqual(outcome.outputs, { opened: ['the switch port of a-db', 'site-a at its router'], harmless: 'off' });
    assert.equal(await tell('state'), 'open');
  });

  it('lifts once more what is open: the host is back, and its database is down and stays so', async () => {
    await carryOut('power.on', input, context(at));
    await until(
      'a login',
      async () => (await run(at.hosts['a-db']!, ['true'], { deadline: 5_000 }).catch(() => undefined))?.code === 0,
      20_000,
    );
    const outcome = await carryOut('fence.lift', input, context(at, { stillOurs: () => Promise.reject(new Error('again')) }));
    assert.equal((outcome.outputs as { harmless: string }).harmless, 'down');
    assert.deepEqual(outcome.lifts, ['a-db']);
    assert.match((await unit('is-active')).trim(), /inactive/);
  }).timeout(90_000);

  it('does not lift where the database would start at boot', async () => {
    await unit('enable');
    assert.equal(await refused(), 'starts-at-boot');
    await unit('disable');
  });

  it('lifts the fence of a standby', async () => {
    const outcome = await carryOut('fence.lift', { host: 'b-db' }, context(at));
    assert.deepEqual([outcome.lifts, (outcome.outputs as { harmless: string }).harmless], [['b-db'], 'standby']);
  });
});
