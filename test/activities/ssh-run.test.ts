import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StepError } from '../../activities/error.ts';
import { carryOut, failure, typeOf, until } from './estate.ts';
import { closedPort, localHost, plain } from './nowhere.ts';
import { mayRunSshd, sshd } from './sshd.ts';

const type = typeOf('ssh.run');

describe('ssh.run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-ssh-run-'));
  const hosts = { 'b-app': localHost('b-app', 22) };
  const file = (name: string): string => join(folder, name);
  const starts = (name: string): number => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').length : 0);
  const made = file('made');
  const input = (name: string, then: string, more: object = {}) => ({
    host: 'b-app',
    argv: ['sh', '-c', `printf x >> ${file(name)}; ${then}`],
    creates: made,
    ...more,
  });
  afterEach(() => rmSync(made, { force: true }));
  after(() => rmSync(folder, { recursive: true }));

  it('runs a command once, and proves it by what it made', async () => {
    const context = plain({ hosts });
    const wanted = input('once', `echo made it; touch ${made}`);
    const outcome = await carryOut('ssh.run', wanted, context);
    assert.deepEqual(outcome.outputs, { output: 'made it\n', ran: true });
    assert.deepEqual((await carryOut('ssh.run', wanted, context)).outputs, { output: 'made it\n', ran: true });
    assert.equal(starts('once'), 1);
  });

  it('runs nothing where it is done, and says that it did not', async () => {
    writeFileSync(made, '');
    assert.deepEqual((await carryOut('ssh.run', input('done', 'false'), plain({ hosts }))).outputs, { output: '', ran: false });
    const unless = { host: 'b-app', argv: ['false'], unless: ['test', '-e', made] };
    assert.equal((await carryOut('ssh.run', unless, plain({ hosts }))).outputs !== undefined, true);
    assert.equal(starts('done'), 0);
  });

  it('believes no exit code', async () => {
    const error = await failure(carryOut('ssh.run', input('lies', 'echo all fine; exit 0'), plain({ hosts })));
    assert.deepEqual([error.code, error.remedy], ['not-done', 'again']);
    assert.match(error.message, /made is not there \(all fine\)/);
  });

  it('does not take a half for the whole: one that ended badly is run again, though what it makes is there', async () => {
    const context = plain({ hosts });
    const wanted = input('half', `touch ${made}; [ "$(cat ${file('half')})" = xx ]`);
    assert.equal((await failure(carryOut('ssh.run', wanted, context))).code, 'not-done');
    assert.equal((await carryOut('ssh.run', wanted, context)).outputs !== undefined, true);
    assert.equal(starts('half'), 2);
  });

  it('waits for what an attempt before it started, and does not start it again', async () => {
    const context = plain({ hosts });
    const wanted = input('wait', `touch ${made}; while [ ! -e ${file('go')} ]; do sleep 0.05; done; echo done`);
    const lost = carryOut('ssh.run', wanted, context);
    await until('it to run', () => existsSync(made));
    const next = carryOut('ssh.run', wanted, context);
    writeFileSync(file('go'), '');
    assert.deepEqual((await next).outputs, { output: 'done\n', ran: true });
    await lost;
    assert.equal(starts('wait'), 1);
  });

  it('holds the output to what is expected of it', async () => {
    const error = await failure(carryOut('ssh.run', input('expect', `echo 3 rows; touch ${made}`, { expect: '4 rows' }), plain({ hosts })));
    assert.deepEqual([error.code, error.remedy], ['unexpected-output', 'person']);
  });

  it('runs as another user', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const unless = ['test', '-e', '/proc/1'];
    const who = { host: 'b-app', argv: ['sh', '-c', `id -un > /dev/stdout; touch ${made}`], as: 'nobody', creates: made };
    const error = await failure(carryOut('ssh.run', who, plain({ hosts })));
    assert.equal(error.code, 'not-done', 'nobody may not write there');
    const done = await carryOut('ssh.run', { ...who, creates: undefined, unless }, plain({ hosts }));
    assert.equal((done.outputs as { ran: boolean }).ran, false);
  });

  it('runs nothing once the run no longer runs, and nothing in its preflight', async () => {
    const late = plain({ hosts, stillOurs: () => Promise.reject(new StepError('not-ours', 'lent', 'person')) });
    assert.equal((await failure(type.execute(input('late', ''), late))).code, 'not-ours');
    assert.match((await type.preflight(input('late', ''), late)).join(), /`sh` has work to do: .*made is not there/);
    assert.equal(starts('late'), 0);
  });

  it('is refused where nothing tells that it is done, and where a path is none', () => {
    assert.throws(() => type.input.parse({ host: 'b-app', argv: ['true'] }), /says neither by `creates` nor by `unless`/);
    assert.throws(() => type.input.parse({ host: 'b-app', argv: ['true'], creates: 'made' }), /absolute path/);
    assert.throws(() => type.input.parse({ host: 'b-app', argv: ['true'], unless: ['true'], as: '-u' }), /name of a user/);
  });

  it('says in its preflight that a login is refused, or a host out of reach', async function () {
    if (!mayRunSshd) {
      console.log('      skipped: a real sshd needs root');
      this.skip();
    }
    const far = await sshd();
    try {
      const asking = (host: object) => failure(type.preflight(input('far', ''), plain({ hosts: { 'b-app': { ...far.host, ...host } } })));
      const key = { ssh: { ...far.host.ssh!, key: file('no-key') } };
      assert.deepEqual([(await asking(key)).code, (await asking(key)).remedy], ['ssh-login', 'person']);
      const away = { views: { default: { address: '127.0.0.1', ports: { 22: await closedPort() } } } };
      assert.equal((await asking(away)).code, 'ssh-unreachable');
    } finally {
      await far.end();
    }
  });
});
