import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { run } from '../../activities/host/run.ts';
import type { HostFacts, LineFacts } from '../../plan/plan.ts';
import { needsFullLab } from '../full/can-stand.ts';
import { carryOut, context, failure, rehearse, typeOf, until, type Options } from './estate.ts';
import { fullEstate, type FullEstate } from './full.ts';

describe('fence.network', () => {
  const input = { host: 'a-db' };
  let at: FullEstate;
  before(async function () {
    needsFullLab(this);
    this.timeout(120_000);
    at = await fullEstate();
  });
  after(async () => at?.end());
  afterEach(async () => {
    if (!at) return;
    await at.heal();
    await tell(facts().router!, 'heal');
    await tell(facts().port!, 'heal');
    await until('a-db to be reached', () => reached('a-db'));
  });

  const facts = () => at.hosts['a-db']!;
  const withFacts = (more: Partial<HostFacts>) => ({ hosts: { ...at.hosts, 'a-db': { ...facts(), ...more } } });
  const tell = async (line: LineFacts, act: 'cut' | 'heal' | 'state') =>
    (await run(line.device, line[act], { deadline: 5_000 })).stdout.trim();
  const states = async () => [await tell(facts().port!, 'state'), await tell(facts().router!, 'state')];
  const reached = (host: string, port = 22): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = net.connect({ host: at.hosts[host]!.views['default']!.address, port, timeout: 500 });
      const end = (yes: boolean) => {
        socket.destroy();
        resolve(yes);
      };
      socket.on('data', () => end(true));
      socket.on('timeout', () => end(false));
      socket.on('error', () => end(false));
    });

  it('changes nothing in its preflight, and says what it found', async () => {
    const said = (await typeOf('fence.network').preflight(input, context(at))).join(' ');
    assert.match(said, /a-switch says that the switch port of a-db is open\. wan says that site-a at its router is open\./);
    assert.match(said, /a-db port 22 .* greets .* Witness of site-a .* greets .* does not start at boot/);
    assert.deepEqual(await states(), ['open', 'open']);
  });

  it('cuts the host off at its own port, and nothing else, and proves it by the witness', async () => {
    const outcome = await carryOut('fence.network', input, context(at));
    assert.deepEqual(outcome.outputs, { line: 'port', device: 'a-switch', latched: 'yes' });
    assert.deepEqual(await states(), ['cut', 'open']);
    assert.deepEqual([await reached('a-db'), await reached('a-app')], [false, true]);
    const [proof] = outcome.proofs ?? [];
    assert.deepEqual([proof?.kind, proof?.by, proof?.host, proof?.latched], ['fence', 'fence.network', 'a-db', 'yes']);
    assert.match(
      proof?.evidence.join(' ') ?? '',
      /port of a-db is cut\. .* last sign of life at .* no answer .* Witness of site-a .* greets/,
    );
    assert.equal((await at.inside('a-db', ['systemctl', 'is-active', 'orders-db'])).trim(), 'active');

    const again = context(at, { proofs: [proof!], stillOurs: () => Promise.reject(new Error('run twice it cuts once')) });
    const reread = await again.reread(proof!);
    assert.deepEqual([reread.host, reread.latched], ['a-db', 'yes']);
    await carryOut('fence.network', input, again);

    await tell(facts().port!, 'heal');
    await until('a-db to be reached', () => reached('a-db'));
    assert.equal((await failure(again.reread(proof!))).code, 'line-open');
  });

  it('adopts the cut of an attempt that was killed, and knows from its heartbeat that the host was alive', async () => {
    const stop = new AbortController();
    const killed = context(at, { signal: stop.signal, stillOurs: async () => void setTimeout(() => stop.abort(), 1) });
    await assert.rejects(typeOf('fence.network').execute(input, killed));
    await tell(facts().port!, 'cut');
    const resume = killed.beats.findLast((beat) => beat !== undefined);
    const outcome = await carryOut('fence.network', input, context(at, { resume, stillOurs: () => Promise.reject(new Error('again')) }));
    assert.deepEqual(outcome.outputs, { line: 'port', device: 'a-switch', latched: 'yes' });
  });

  it('proves nothing of a host that was silent before, and was never seen alive', async () => {
    await tell(facts().port!, 'cut');
    await until('a-db to be silent', async () => !(await reached('a-db')));
    const error = await failure(carryOut('fence.network', input, context(at)));
    assert.deepEqual([error.code, error.remedy], ['fence-unknown', 'person']);
  });

  it('proves nothing by a device that lies, nor while the whole site is silent', async () => {
    const lying: LineFacts = { ...facts().port!, device: here(), cut: ['true'], heal: ['true'], state: ['echo', 'cut'] };
    const lies = await failure(carryOut('fence.network', input, context(at, withFacts({ port: lying }))));
    assert.deepEqual([lies.code, lies.remedy], ['fence-lies', 'person']);
    await at.fault('cut-site', 'site-a');
    const seen = { 'a-db': new Date().toISOString() };
    const unknown = await failure(carryOut('fence.network', input, context(at, { ...withFacts({ port: lying }), seen })));
    assert.deepEqual([unknown.code, unknown.remedy], ['fence-unknown', 'person']);
    assert.match(unknown.message, /the link may be cut/);
  });

  it('cuts at the router where the site is out of reach with its switch, and says what that proof rests on', async () => {
    await at.fault('cut-site', 'site-a');
    const made = context(at, { seen: { 'a-db': new Date().toISOString() } });
    const outcome = await carryOut('fence.network', input, made);
    assert.deepEqual(outcome.outputs, { line: 'router', device: 'wan', latched: 'unknown' });
    assert.match(outcome.evidence.join(' '), /wan answered at .*, after that silence, .* nothing inside site-a writes/);
    await at.heal();
    assert.deepEqual([await reached('a-db'), await reached('a-app')], [false, false]);
    assert.equal(await tell(facts().router!, 'state'), 'cut');
    const [proof] = outcome.proofs ?? [];
    assert.equal((await context(at, { proofs: [proof!] }).reread(proof!)).host, 'a-db');
  });

  it('does not take a router for a fence while something behind it still answers', async () => {
    const lying = { ...facts().router!, device: here(), cut: ['true'], heal: ['true'], state: ['echo', 'cut'] };
    const { port, ...bare } = facts();
    assert.ok(port);
    await tell(port, 'cut');
    const seen = { 'a-db': new Date().toISOString() };
    const error = await failure(carryOut('fence.network', input, context(at, { hosts: { 'a-db': { ...bare, router: lying } }, seen })));
    assert.equal(error.code, 'fence-lies');
    assert.match(error.message, /the witness of site-a still answers/);
  });

  it('refuses in plain words to cut at the router where clients inside would go on writing', async () => {
    const { port, ...bare } = facts();
    assert.ok(port);
    const inside = { ...bare, router: { ...facts().router!, nothingWritesInside: false } };
    for (const act of ['preflight', 'execute'] as const) {
      const error = await failure(typeOf('fence.network')[act](input, context(at, { hosts: { 'a-db': inside } })));
      assert.deepEqual([error.code, error.remedy], ['writes-inside', 'person']);
      assert.match(error.message, /clients inside site-a would go on writing/);
    }
    await at.fault('cut-site', 'site-a');
    const both = context(at, { hosts: { 'a-db': { ...inside, port } }, seen: { 'a-db': new Date().toISOString() } });
    assert.match((await failure(carryOut('fence.network', input, both))).code, /^(ssh-|command-silent$)/);
    assert.equal(await tell(facts().router!, 'state'), 'open');
  });

  it('cuts nothing once the run no longer runs', async () => {
    const late = context(at, { stillOurs: () => Promise.reject(Object.assign(new Error('lent to another run'), { code: 'not-ours' })) });
    await assert.rejects(typeOf('fence.network').execute(input, late), /lent to another run/);
    assert.deepEqual(await states(), ['open', 'open']);
  });

  it('needs a person where the login at the device is refused or it speaks nonsense, and a mend of the plan without a line or a witness', async () => {
    const codes = async (more: Partial<HostFacts>) => {
      const { router: _, ...rest } = { ...facts(), ...more };
      const error = await failure(typeOf('fence.network').preflight(input, context(at, { hosts: { 'a-db': rest } })));
      return [error.code, error.remedy];
    };
    const wrong = join(at.lab.folder, 'keys', 'host-a-db');
    const device = facts().port!.device;
    assert.deepEqual(await codes({ port: { ...facts().port!, device: { ...device, ssh: { ...device.ssh!, key: wrong } } } }), [
      'ssh-login',
      'person',
    ]);
    assert.deepEqual(await codes({ port: { ...facts().port!, state: ['state', 'nothing'] } }), ['line-unread', 'person']);
    const none = join(at.lab.folder, 'nobody');
    writeFileSync(none, '');
    assert.deepEqual(await codes({ port: { ...facts().port!, device: { ...device, ssh: { ...device.ssh!, knownHosts: none } } } }), [
      'ssh-host-key',
      'person',
    ]);
    const { port: _port, router: _router, ...lineless } = facts();
    const { witness: _witness, ...alone } = facts();
    for (const [host, code] of [
      [lineless, 'no-line'],
      [alone, 'no-witness'],
    ] as const) {
      const error = await failure(typeOf('fence.network').preflight(input, context(at, { hosts: { 'a-db': host } })));
      assert.deepEqual([error.code, error.remedy], [code, 'mistake']);
    }
  });

  function here(): HostFacts {
    return { name: 'liar', site: 'site-a', connection: 'local', alive: 22, views: { default: { address: '127.0.0.1', ports: {} } } };
  }

  it('proves in a rehearsal that it could cut, and cuts nothing', async () => {
    const calm = (more: Options = {}) =>
      context(at, { live: false, stillOurs: () => Promise.reject(new Error('nothing is changed')), ...more });
    const { outputs, proofs, evidence } = await rehearse('fence.network', input, calm());
    assert.deepEqual([outputs, proofs], [{ line: 'port', device: 'a-switch', latched: 'yes' }, undefined]);
    assert.match(evidence.join(' '), /switch port of a-db is open\..*Nothing was cut/);
    assert.deepEqual([await states(), await reached('a-db')], [['open', 'open'], true]);
    const lying: LineFacts = { ...facts().port!, device: here(), state: ['echo', 'cut'] };
    assert.equal((await failure(rehearse('fence.network', input, calm(withFacts({ port: lying }))))).code, 'line-lies');
    const { router: _, ...portAlone } = facts();
    const mute = { 'a-db': { ...portAlone, port: { ...lying, state: ['false'] } } };
    assert.equal((await failure(rehearse('fence.network', input, calm({ hosts: { ...at.hosts, ...mute } })))).code, 'line-unread');
  });
});
