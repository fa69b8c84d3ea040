import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { autostartOf } from '../../lab/lab.ts';
import type { PowerFacts } from '../../plan/plan.ts';
import { carryOut, context, estate, failure, rehearse, typeOf, type Estate, type Options } from './estate.ts';

describe('power.off', () => {
  const input = { host: 'a-db' };
  let at: Estate;
  before(async () => {
    at = await estate();
  });
  after(() => at?.end());
  afterEach(async () => {
    await at.heal();
    writeFileSync(autostartOf(at.lab, 'a-db'), 'disabled\n');
    await at.restore('a-db');
  });
  const offs = () => at.ledger().filter((line) => line === 'a-db Off').length;
  const withPower = (power: Partial<PowerFacts>): Options => ({
    hosts: { ...at.hosts, 'a-db': { ...at.hosts['a-db']!, power: { ...at.hosts['a-db']!.power!, ...power } } },
  });

  it('changes nothing in its preflight, and says what it found', async () => {
    const before = at.ledger();
    const said = (await typeOf('power.off').preflight(input, context(at))).join(' ');
    assert.match(said, /power is On\. a-db port 22 .* greets .* Witness of site-a .* greets .* does not start at boot/);
    assert.deepEqual(at.ledger(), before);
  });

  it('cuts the power once, proves it, and knows that the host stays out', async () => {
    const before = offs();
    const made = context(at);
    const outcome = await carryOut('power.off', input, made);
    assert.deepEqual(outcome.outputs, { state: 'off', latched: 'yes' });
    const [proof] = outcome.proofs ?? [];
    assert.deepEqual([proof?.kind, proof?.by, proof?.host, proof?.latched], ['fence', 'power.off', 'a-db', 'yes']);
    assert.ok(Date.now() - Date.parse(proof?.at ?? '') < 2_000);
    assert.equal(offs(), before + 1);
    assert.ok(
      made.beats.some((beat) => (beat as { latched?: string } | undefined)?.latched === 'yes'),
      'what was learnt before the press is handed to the next attempt',
    );

    await carryOut('power.off', input, { ...made, stillOurs: () => Promise.reject(new Error('run twice it presses once')) });
    assert.equal(offs(), before + 1);

    const again = await made.reread(proof!);
    assert.deepEqual([again.kind, again.host], ['fence', 'a-db']);
  });

  it('adopts what an attempt before it did: the press is not repeated, and the latch is known from its heartbeat', async () => {
    const before = offs();
    const stop = new AbortController();
    const killed = context(at, { signal: stop.signal, stillOurs: async () => void setTimeout(() => stop.abort(), 1) });
    await typeOf('power.off')
      .execute(input, killed)
      .catch(() => undefined);
    await at.control('POST', '/power/a-db/off');
    const next = context(at, { resume: killed.beats.find((beat) => beat !== undefined) });
    const outcome = await carryOut('power.off', input, next);
    assert.deepEqual(outcome.outputs, { state: 'off', latched: 'yes' });
    assert.equal(offs(), before + 1);
  });

  it('does not know the latch where the attempt that asked was lost', async () => {
    await at.control('POST', '/power/a-db/off');
    const outcome = await carryOut('power.off', input, context(at, { seen: { 'a-db': '2026-11-22T10:00:00.000Z' } }));
    assert.deepEqual(outcome.outputs, { state: 'off', latched: 'unknown' });
  });

  it('presses nothing once the run no longer runs', async () => {
    const before = at.ledger();
    const late = context(at, { stillOurs: () => Promise.reject(new Error('lent to another run')) });
    await assert.rejects(typeOf('power.off').execute(input, late), /lent to another run/);
    assert.deepEqual(at.ledger(), before);
  });

  it('does not press where the database would start at boot, and says so in preflight too', async () => {
    writeFileSync(autostartOf(at.lab, 'a-db'), 'enabled\n');
    const before = at.ledger();
    for (const act of ['preflight', 'execute'] as const) {
      const error = await failure(typeOf('power.off')[act](input, context(at)));
      assert.deepEqual([error.code, error.remedy], ['starts-at-boot', 'person']);
    }
    assert.deepEqual(at.ledger(), before);
  });

  it('proves nothing by a controller that lies', async () => {
    await at.control('PUT', '/fault/a-db/lies');
    const error = await failure(carryOut('power.off', input, context(at)));
    assert.deepEqual([error.code, error.remedy], ['fence-lies', 'person']);
    assert.match(error.message, /says Off, and a-db still answers/);
  });

  it('proves nothing by a lie while the link is cut: silence of everything is not silence of the host', async () => {
    await at.control('PUT', '/fault/a-db/lies');
    await at.control('PUT', '/cut/link', { from: 'site-b', to: 'site-a' });
    const error = await failure(carryOut('power.off', input, context(at, { seen: { 'a-db': new Date().toISOString() } })));
    assert.deepEqual([error.code, error.remedy], ['fence-unknown', 'person']);
    assert.match(error.message, /the link may be cut/);
  });

  it('proves nothing by a lie while only the host cannot be reached, if it was never seen alive', async () => {
    await at.control('PUT', '/fault/a-db/lies');
    await at.control('PUT', '/cut/host', { from: 'site-b', to: 'site-a', host: 'a-db' });
    const error = await failure(carryOut('power.off', input, context(at)));
    assert.deepEqual([error.code, error.remedy], ['fence-unknown', 'person']);
    assert.match(error.message, /never seen alive/);
  });

  it('hears a database whose machine no longer greets', async () => {
    await at.control('PUT', '/fault/a-db/lies');
    await at.control('PUT', '/cut/ssh', { from: 'site-b', host: 'a-db', service: '22' });
    assert.equal(
      (await failure(carryOut('power.off', input, context(at, { seen: { 'a-db': new Date().toISOString() } })))).code,
      'fence-lies',
    );
  });

  it('gives a controller that hangs four seconds, and one that is dead none', async () => {
    await at.control('PUT', '/fault/a-db/hangs');
    const began = performance.now();
    const error = await failure(carryOut('power.off', input, context(at)));
    assert.deepEqual([error.code, error.remedy], ['power-unreachable', 'again']);
    assert.ok(performance.now() - began < 4_500);
    await at.control('PUT', '/fault/a-db/dead');
    assert.equal((await failure(carryOut('power.off', input, context(at)))).code, 'power-unreachable');
  });

  it('needs a person where the login, the certificate or the machine is wrong, and leaks no password', async () => {
    const wrong = join(at.lab.folder, 'secrets', 'wrong');
    writeFileSync(wrong, 'hunter2');
    const login = await failure(typeOf('power.off').preflight(input, context(at, withPower({ password: `file:${wrong}` }))));
    assert.deepEqual([login.code, login.remedy], ['power-login', 'person']);
    assert.doesNotMatch(login.message, /hunter2/);
    const { certificate, ...bare } = at.hosts['a-db']!.power!;
    assert.ok(certificate);
    const trusting = { hosts: { ...at.hosts, 'a-db': { ...at.hosts['a-db']!, power: bare } } };
    assert.equal((await failure(typeOf('power.off').preflight(input, context(at, trusting)))).code, 'power-certificate');
    assert.equal((await failure(typeOf('power.off').preflight(input, context(at, withPower({ system: 'c-db' }))))).code, 'wrong-machine');
  });

  it('takes a driver it does not have, and a missing witness, for mistakes of the plan', async () => {
    const driver = await failure(typeOf('power.off').preflight(input, context(at, withPower({ driver: 'steam' }))));
    assert.deepEqual([driver.code, driver.remedy], ['unknown-driver', 'mistake']);
    const { witness, ...alone } = at.hosts['a-db']!;
    assert.ok(witness);
    const error = await failure(typeOf('power.off').preflight(input, context(at, { hosts: { 'a-db': alone } })));
    assert.deepEqual([error.code, error.remedy], ['no-witness', 'mistake']);
  });

  describe('in a rehearsal', () => {
    /** As a rehearsal's plan has it: the system is the copy, and what is in service stands beside it. */
    const rehearsal = (more: Options = {}) => {
      const { postgres } = at.system;
      const copy = { ...postgres!, port: postgres!.port + 10_000, service: {} };
      const copies = { root: '/nowhere', expires: 1, inService: { postgres: postgres! } };
      return context(at, { live: false, system: { ...at.system, postgres: copy, copies }, ...more });
    };
    const proves = (more: Options = {}) => rehearse('power.off', input, rehearsal(more));

    it('proves the controller, the witness and the latch of the host in service, and presses nothing', async () => {
      const before = at.ledger();
      const late = { stillOurs: () => Promise.reject(new Error('nothing is changed')) };
      const { outputs, proofs, evidence } = await proves(late);
      assert.deepEqual([outputs, proofs], [{ state: 'on', latched: 'yes' }, undefined]);
      assert.match(evidence.join(' '), /power is On\. .* PostgreSQL port .* answers.* Nothing was pressed/);
      assert.deepEqual(at.ledger(), before);
    });

    it('finds what would spoil the fence: a database that starts at boot, a silent witness, a lie, a wrong login, a dead controller', async () => {
      const before = at.ledger().length;
      const code = async (more?: Options) => (await failure(proves(more))).code;
      writeFileSync(autostartOf(at.lab, 'a-db'), 'enabled\n');
      assert.equal(await code(), 'starts-at-boot');
      writeFileSync(autostartOf(at.lab, 'a-db'), 'disabled\n');
      await at.control('PUT', '/cut/link', { from: 'site-b', to: 'site-a' });
      assert.equal(await code(), 'witness-silent');
      await at.heal();
      assert.equal(await code(withPower({ user: 'nobody' })), 'power-login');
      await at.control('PUT', '/fault/a-db/dead');
      assert.equal(await code(), 'power-unreachable');
      await at.heal();
      assert.equal(at.ledger().length, before);
      await at.control('PUT', '/fault/a-db/lies');
      await carryOut('power.off', input, context(at)).catch(() => undefined);
      assert.equal(await code(), 'power-lies');
    });
  });
});
