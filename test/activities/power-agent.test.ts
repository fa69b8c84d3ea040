import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { controllerOf } from '../../activities/power/controller.ts';
import { agentFailure } from '../../activities/power/agent-failure.ts';
import type { PowerFacts } from '../../plan/plan.ts';
import { carryOut, context, estate, failure, typeOf, until, type Estate } from './estate.ts';
import { freeUdpPort, machine, password, type Machine } from './ipmi.ts';

describe('A fence agent', () => {
  const input = { host: 'a-db' };
  let at: Machine;
  beforeEach(async () => {
    at = await machine();
  });
  afterEach(async () => {
    await at?.end();
    rmSync(secretFile(), { force: true });
  });
  const secretFile = () => join(tmpdir(), `lb-wrong-${process.pid}`);
  const controller = (power: Partial<PowerFacts> = {}) => {
    const made = at.context({}, power);
    return controllerOf(made.host('a-db'), made);
  };

  it('cuts the power by IPMI once, proves it and adopts it', async () => {
    const outcome = await carryOut('power.off', input, at.context());
    assert.deepEqual(outcome.outputs, { state: 'off', latched: 'unknown' });
    assert.equal(at.running(), false);
    assert.match(outcome.evidence.join(' '), /controller of a-db says Off\. .* power-restore policy always-off/);
    await carryOut(
      'power.off',
      input,
      at.context({ seen: { 'a-db': new Date().toISOString() }, stillOurs: () => Promise.reject(new Error('again')) }),
    );
    assert.deepEqual(at.ledger(), ['off']);
  });

  it('switches it on again, and changes nothing in any preflight', async () => {
    at.hand('off');
    const before = at.ledger();
    for (const type of ['power.on', 'power.off', 'power.cycle'])
      assert.match((await typeOf(type).preflight(input, at.context())).join(' '), /fence_ipmilan takes the parameters .* power is Off/);
    assert.deepEqual(at.ledger(), before);
    assert.equal((await carryOut('power.on', input, at.context())).outputs && at.running(), true);
  });

  it('proves nothing by a controller that lies', async () => {
    at.lie(true);
    const error = await failure(carryOut('power.off', input, at.context()));
    assert.deepEqual([error.code, error.remedy], ['fence-lies', 'person']);
    assert.equal(at.running(), true);
  });

  it('never shows the password: not in an argument of the tool beneath it, nor in what it says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lb-argv-'));
    const [beneath, argv] = [join(folder, 'ipmitool'), join(folder, 'argv')];
    writeFileSync(beneath, `#!/bin/sh\nprintf '%s\\n' "$@" >> ${argv}\nexec /usr/bin/ipmitool "$@"\n`, { mode: 0o755 });
    try {
      assert.equal((await controller({ options: { ipmitool_path: beneath } }).state()).state, 'on');
      assert.match(readFileSync(argv, 'utf8'), /lifeboat[^]*chassis\npower\nstatus/);
      assert.ok(!readFileSync(argv, 'utf8').includes(password));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const wrong = secretFile();
    writeFileSync(wrong, 'hunter2 hunter2');
    const error = await failure(controller({ password: `file:${wrong}` }).state());
    assert.doesNotMatch(JSON.stringify([error.message, error.stack]), /hunter2|s3cret/);
  });

  it('tells a wrong password and a wrong user from a controller that is dead', async () => {
    const wrong = secretFile();
    writeFileSync(wrong, 'wrong');
    for (const power of [{ password: `file:${wrong}` }, { user: 'nobody' }]) {
      const error = await failure(typeOf('power.off').preflight(input, at.context({}, power)));
      assert.deepEqual([error.code, error.remedy], ['power-login', 'person']);
    }
    const began = performance.now();
    const error = await failure(controller({ address: `127.0.0.1:${await freeUdpPort()}` }).state());
    assert.deepEqual([error.code, error.remedy], ['power-unreachable', 'again']);
    assert.ok(performance.now() - began < 6_500);
  });

  it('takes a strange agent, a strange parameter and a password in the open for mistakes', async () => {
    const codes = async (power: Partial<PowerFacts>) => {
      const error = await failure(typeOf('power.off').preflight(input, at.context({}, power)));
      assert.equal(error.remedy, 'mistake');
      return error;
    };
    assert.match((await codes({ driver: 'fence_nothing' })).message, /fence_nothing is not installed .* package fence-agents/);
    assert.match((await codes({ options: { ciphre: '3' } })).message, /no parameter ciphre/);
    assert.match((await codes({ options: { passwd: 'open' } })).message, /option passwd, which has a field of its own/);
    assert.equal((await codes({ address: '-x' })).code, 'power-address');
    assert.equal((await codes({ options: { hexadecimal_kg: 'a\naction=off' } })).code, 'power-parameter');
    assert.equal(at.running(), true);
  });

  it('goes on where an attempt before it was killed after the press, and ends with its step', async () => {
    const stop = new AbortController();
    const killed = at.context({ signal: stop.signal, stillOurs: async () => void setTimeout(() => stop.abort(), 120) });
    await typeOf('power.off')
      .execute(input, killed)
      .catch(() => undefined);
    at.hand('off');
    const resume = killed.beats.findLast((beat) => beat !== undefined);
    await carryOut('power.off', input, at.context({ resume }));
    assert.equal(at.ledger().filter((line) => line === 'off').length, 1);
  });
});

describe('A fence agent of another kind', () => {
  const input = { host: 'a-db' };
  let at: Estate;
  before(async () => {
    at = await estate();
  });
  after(() => at?.end());
  const redfish = (more: Partial<PowerFacts> = {}) => {
    const host = at.hosts['a-db']!;
    return context(at, { hosts: { ...at.hosts, 'a-db': { ...host, power: { ...host.power!, driver: 'fence_redfish', ...more } } } });
  };

  it('works a Redfish controller, its certificate pinned', async () => {
    assert.match((await typeOf('power.check').preflight(input, redfish())).join(' '), /fence_redfish takes the parameters .* power is On/);
    await carryOut('power.off', input, redfish());
    await until('the ledger', () => at.ledger().at(-1) === 'a-db Off');
    await carryOut('power.on', input, redfish());
    assert.deepEqual(at.ledger().slice(-2), ['a-db Off', 'a-db On']);
  });

  it('says what stands in its way', async () => {
    const codes = async (more: Partial<PowerFacts>) => {
      const error = await failure(typeOf('power.check').preflight(input, redfish(more)));
      return [error.code, error.remedy];
    };
    assert.deepEqual(await codes({ user: 'nobody' }), ['power-refused', 'person']);
    assert.deepEqual(await codes({ address: 'https://127.0.0.1:1' }), ['power-unreachable', 'again']);
    assert.deepEqual(await codes({ certificate: '/etc/ssl/certs/ca-certificates.crt' }), ['power-certificate', 'person']);
  });

  it('reads a complaint for what it means', () => {
    const facts: PowerFacts = { driver: 'fence_apc', address: '10.0.0.1' };
    assert.equal(agentFailure('a-db', facts, '2026-11-22 19:07:59,345 ERROR: Connection timed out\n').code, 'power-unreachable');
    assert.equal(agentFailure('a-db', facts, 'ERROR: Unable to connect/login to fencing device\n').code, 'power-unreachable');
    assert.equal(
      agentFailure('a-db', facts, 'ERROR: Failed: You have to enter plug number or machine identification\n').code,
      'power-options',
    );
  });
});
