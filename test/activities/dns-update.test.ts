import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import dgram from 'node:dgram';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { carryOut, failure, rehearse, typeOf, undo, until, type Options } from './estate.ts';
import { closedPort, plain } from './nowhere.ts';

const [a, b, c] = ['10.77.1.11', '10.77.2.11', '10.77.3.11'];

describe('dns.update', () => {
  let folder: string;
  const ports = { primary: 0, one: 0, two: 0 };
  const running: ChildProcess[] = [];
  const key = () => join(folder, 'lifeboat.key');

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lb-dns-'));
    for (const name of ['lifeboat', 'other']) {
      const text = execFileSync('tsig-keygen', ['-a', 'hmac-sha256', name === 'other' ? 'lifeboat' : name], { encoding: 'utf8' });
      writeFileSync(join(folder, `${name}.key`), text, { mode: 0o600 });
    }
    for (const name of ['primary', 'one', 'two'] as const) ports[name] = await closedPort();
    await named('primary');
    await Promise.all([named('one'), named('two')]);
  });
  after(async () => {
    for (const child of running) await ended(child);
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => set(a!));

  const input = (more: object = {}) => ({
    name: 'db.orders.test',
    value: b,
    from: a,
    zone: 'orders.test',
    server: `127.0.0.1:${ports.primary}`,
    ttl: 2,
    key: 'lifeboat',
    secret: `file:${key()}`,
    resolvers: [`127.0.0.1:${ports.one}`, `127.0.0.1:${ports.two}`],
    ...more,
  });
  const made = (options: Options = {}) => plain(options);

  it('changes nothing in its preflight, and says what it found', async () => {
    const before = await serial();
    const said = (await typeOf('dns.update').preflight(input(), made())).join(' ');
    assert.match(said, /says that db\.orders\.test is 10\.77\.1\.11, to be kept for 2 s/);
    assert.equal(await serial(), before);
  });

  it('changes the record, waits for both resolvers and says when every client has it', async () => {
    const began = Date.now();
    const outcome = await carryOut('dns.update', input({ from: undefined }), made());
    const outputs = outcome.outputs as { old: string; ttl: number; 'settled-at': string; 'clients-by': string };
    assert.deepEqual([outputs.old, outputs.ttl], [a, 2]);
    assert.ok(Date.parse(outputs['clients-by']) >= began + 2_000);
    assert.deepEqual([await asked('primary'), await asked('one'), await asked('two')], [[b], [b], [b]]);
  });

  it('adopts what is already so: run twice, and where its answer was lost, it changes once', async () => {
    await carryOut('dns.update', input(), made());
    const before = await serial();
    const again = await carryOut('dns.update', input(), made({ stillOurs: () => Promise.reject(new Error('again')) }));
    assert.equal((again.outputs as { old: null }).old, null);
    assert.equal(await serial(), before);
  });

  it('goes on where an attempt before it was killed, and knows the old value from its heartbeat', async () => {
    const stop = new AbortController();
    const killed = made({ signal: stop.signal, stillOurs: async () => void setTimeout(() => stop.abort(), 15) });
    await typeOf('dns.update')
      .execute(input(), killed)
      .catch(() => undefined);
    await set(b!);
    const resume = killed.beats.findLast((beat) => beat !== undefined);
    const outcome = await carryOut('dns.update', input(), made({ resume }));
    assert.equal((outcome.outputs as { old: string }).old, a);
  });

  it('leaves alone what somebody else has changed', async () => {
    await set(c!);
    const error = await failure(carryOut('dns.update', input(), made()));
    assert.deepEqual([error.code, error.remedy], ['dns-moved-on', 'person']);
    assert.deepEqual(await asked('primary'), [c]);
    assert.match((await typeOf('dns.update').preflight(input(), made())).join(' '), /the update would be refused/);
  });

  it('compares and swaps in one act: a change between its look and its update is left alone', async () => {
    const error = await failure(carryOut('dns.update', input(), made({ stillOurs: () => set(c!) })));
    assert.equal(error.code, 'dns-moved-on');
    assert.deepEqual(await asked('primary'), [c]);
  });

  it('changes nothing once the run no longer runs', async () => {
    await assert.rejects(carryOut('dns.update', input(), made({ stillOurs: () => Promise.reject(new Error('over')) })), /over/);
    assert.deepEqual(await asked('primary'), [a]);
  });

  it('puts the old value back, once, and only over its own', async () => {
    const one = made();
    await carryOut('dns.update', input({ from: undefined }), one);
    assert.match((await undo('dns.update', input({ from: undefined }), one)).join(), /is 10\.77\.1\.11 again/);
    assert.deepEqual(await asked('primary'), [a]);
    assert.match((await undo('dns.update', input(), made())).join(), /as before/);
    await set(c!);
    assert.match((await undo('dns.update', input(), made())).join(), /left so/);
    assert.deepEqual(await asked('primary'), [c]);
    await set(b!);
    assert.equal((await failure(undo('dns.update', input({ from: undefined }), made()))).code, 'dns-old-unknown');
  });

  it('names the resolver that does not give the new answer', async () => {
    const dead = await closedPort();
    const resolvers = [`127.0.0.1:${ports.one}`, `127.0.0.1:${dead}`];
    await carryOut('dns.update', input(), made());
    const error = await failure(typeOf('dns.update').verify(input({ resolvers }), made()));
    assert.equal(error.code, 'dns-not-settled');
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${dead} was asked .* does not answer`));
    assert.doesNotMatch(error.message, new RegExp(`127\\.0\\.0\\.1:${ports.one}`));
  });

  it('tells a wrong key, a forbidden name, a server that is silent and one that is not there apart, and leaks no secret', async () => {
    const type = typeOf('dns.update');
    const problem = async (more: object) => {
      const error = await failure(type.preflight(input(more), made()));
      assert.doesNotMatch(error.message, /[A-Za-z0-9+/]{40,}=/);
      return [error.code, error.remedy];
    };
    assert.deepEqual(await problem({ secret: `file:${join(folder, 'other.key')}` }), ['dns-key', 'person']);
    assert.deepEqual(await problem({ key: 'nobody' }), ['dns-key', 'person']);
    assert.deepEqual(await problem({ name: 'ns1.orders.test' }), ['dns-refused', 'person']);
    assert.deepEqual(await problem({ server: `127.0.0.1:${await closedPort()}` }), ['dns-unreachable', 'again']);
    const silent = dgram.createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    try {
      assert.deepEqual(await problem({ server: `127.0.0.1:${silent.address().port}` }), ['dns-unreachable', 'again']);
    } finally {
      silent.close();
    }
    const error = await failure(type.execute(input({ name: 'two.orders.test', from: undefined }), made()));
    assert.deepEqual([error.code, error.remedy], ['dns-several', 'mistake']);
    assert.equal((await failure(type.execute(input({ name: 'none.orders.test', from: undefined }), made()))).code, 'dns-missing');
  });

  it('changes a CNAME, with or without the dot at its end', async () => {
    const more = { name: 'app.orders.test', type: 'CNAME', from: 'a-app.orders.test', value: 'b-app.orders.test.' };
    await carryOut('dns.update', input(more), made());
    assert.deepEqual(await resolver('primary').resolveCname('app.orders.test'), ['b-app.orders.test']);
  });

  it('refuses what could end a line of nsupdate, and what is no value of the type', () => {
    const { input: schema } = typeOf('dns.update');
    for (const bad of [
      { name: 'db.orders.test\nupdate delete x' },
      { name: '-x.orders.test' },
      { zone: 'orders.test 5' },
      { value: '10.77.2.11\nsend' },
      { value: 'b-db' },
      { type: 'CNAME', value: 'a b' },
      { key: 'a b' },
      { server: 'ns1; rm' },
      { resolvers: ['127.0.0.1'] },
      { resolvers: ['127.0.0.1', '127.0.0.1'] },
      { name: 'db.other.test' },
    ])
      assert.throws(() => schema.parse(input(bad)), JSON.stringify(bad));
  });

  describe('in a rehearsal', () => {
    const rehearsal = (more: Options = {}) => made({ live: false, ...more });
    /** What the zone holds under names of rehearsals, past the step. */
    const left = async (): Promise<string[]> => {
      const zone = execFileSync('dig', ['+tcp', '-p', String(ports.primary), '@127.0.0.1', '-y', tsigOf(key()), 'orders.test', 'AXFR'], {
        encoding: 'utf8',
      });
      assert.match(zone, /db\.orders\.test/);
      return zone.split('\n').filter((line) => line.includes('lifeboat-rehearsal.orders.test'));
    };

    it('makes the change under a name of its own, sees it at every resolver, and takes it away', async () => {
      const { outputs, evidence } = await rehearse('dns.update', input(), rehearsal());
      assert.equal((outputs as { old: string }).old, a);
      const said = evidence.join(' ');
      assert.match(said, /may change db\.orders\.test, which is 10\.77\.1\.11 and was left so/);
      assert.match(said, new RegExp(`:${ports.two} says that run-\\w+\\.lifeboat-rehearsal\\.orders\\.test is 10\\.77\\.2\\.11`, 'u'));
      assert.deepEqual([await asked('primary'), await asked('one'), await asked('two')], [[a], [a], [a]]);
      assert.deepEqual(await left(), []);
    });

    it('is run again where it was killed half way, and leaves nothing once it is swept', async () => {
      const lost = rehearsal();
      let acts = 0;
      const stillOurs = async (): Promise<void> => {
        acts += 1;
        if (acts > 1) throw new Error('killed');
      };
      await assert.rejects(rehearse('dns.update', input(), { ...lost, stillOurs }), /killed/);
      assert.equal((await left()).length, 1);
      await rehearse('dns.update', input(), lost);
      assert.deepEqual(await left(), []);
      acts = 0;
      await assert.rejects(rehearse('dns.update', input(), { ...lost, stillOurs }), /killed/);
      const { sweep } = typeOf('dns.update');
      assert.match((await sweep!(input(), lost)).join(), /has no A record of run-\w+\.lifeboat-rehearsal\.orders\.test any more/);
      assert.deepEqual([await left(), await sweep!(input(), lost)], [[], []]);
    });

    it('names what its key lacks: the name that clients use, or those of rehearsals', async () => {
      const other = { name: 'two.orders.test', value: b, from: a };
      assert.equal((await failure(rehearse('dns.update', input(other), rehearsal()))).code, 'dns-refused');
      const alias = { name: 'app.orders.test', type: 'CNAME', value: 'b-app.orders.test', from: 'a-app.orders.test' };
      const error = await failure(rehearse('dns.update', input(alias), rehearsal()));
      assert.deepEqual([error.code, error.remedy], ['dns-no-rehearsal', 'person']);
      assert.match(error.message, /grant lifeboat subdomain lifeboat-rehearsal\.orders\.test\. CNAME;/);
    });
  });

  function resolver(name: keyof typeof ports): Resolver {
    const one = new Resolver({ timeout: 1_000, tries: 2 });
    one.setServers([`127.0.0.1:${ports[name]}`]);
    return one;
  }
  const asked = (name: keyof typeof ports) => resolver(name).resolve4('db.orders.test');
  const serial = async () => (await resolver('primary').resolveSoa('orders.test')).serial;

  /** Past the step: the record as a test wants it, everywhere. */
  async function set(value: string): Promise<void> {
    const lines = [
      `server 127.0.0.1 ${ports.primary}`,
      'zone orders.test.',
      'update delete db.orders.test. A',
      `update add db.orders.test. 2 A ${value}`,
    ];
    execFileSync('nsupdate', ['-k', key()], { input: [...lines, 'send', ''].join('\n') });
    await until('the resolvers', async () => {
      const all = await Promise.all((['primary', 'one', 'two'] as const).map((name) => asked(name)));
      return all.every(([only]) => only === value);
    });
  }

  /** The zone's primary; the others forward to it and keep its answers, as resolvers do. */
  async function named(name: keyof typeof ports): Promise<void> {
    const home = join(folder, name);
    mkdirSync(home);
    const common = `directory "${home}"; pid-file none; session-keyfile none; listen-on port ${ports[name]} { 127.0.0.1; }; listen-on-v6 { none; };
      allow-transfer { ${name === 'primary' ? 'key lifeboat' : 'none'}; }; dnssec-validation no; notify no; empty-zones-enable no;`;
    const primary = `include "${key()}"; options { ${common} recursion no; };
      zone "orders.test" { type primary; file "orders.test.db"; update-policy { grant lifeboat name db.orders.test. A; grant lifeboat name app.orders.test. CNAME; grant lifeboat subdomain lifeboat-rehearsal.orders.test. A; }; };`;
    const forwarder = `options { ${common} recursion yes; allow-query { 127.0.0.1; }; forward only; forwarders port ${ports.primary} { 127.0.0.1; }; };`;
    writeFileSync(
      join(home, 'orders.test.db'),
      `$TTL 2
@ IN SOA ns1 hostmaster 1 60 30 600 2
@ IN NS ns1
ns1 IN A 127.0.0.1
db 2 IN A ${a}
two IN A ${a}
two IN A ${b}
app 2 IN CNAME a-app
a-app IN A ${a}
b-app IN A ${b}
`,
    );
    writeFileSync(join(home, 'named.conf'), `controls { };\n${name === 'primary' ? primary : forwarder}\n`);
    const child = spawn('named', ['-f', '-c', join(home, 'named.conf')], { stdio: 'ignore' });
    running.push(child);
    await until(`the name server ${name}`, () =>
      asked(name).then(
        () => true,
        () => false,
      ),
    );
  }
});

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

/** The key of a file, as dig takes it. */
function tsigOf(file: string): string {
  const [, secret = ''] = /secret "([^"]+)"/u.exec(readFileSync(file, 'utf8')) ?? [];
  return `hmac-sha256:lifeboat:${secret}`;
}
