import assert from 'node:assert/strict';
import http from 'node:http';
import { forbidden } from '../../activities/http/guard.ts';
import { carryOut, failure, typeOf } from './estate.ts';
import { closedPort, listen, plain } from './nowhere.ts';

describe('http.check', () => {
  const asked: string[] = [];
  let server: Awaited<ReturnType<typeof listen>>;
  before(async () => {
    server = await listen(
      http.createServer((request, response) => {
        asked.push(`${request.method} ${request.url}`);
        if (request.url === '/away') return void response.writeHead(302, { location: '/health' }).end();
        if (request.url === '/mute') return;
        response.writeHead(request.url === '/health' ? 200 : 503).end('all is ok');
      }),
    );
  });
  after(() => server.close());
  const at = (path: string): string => `http://127.0.0.1:${server.port}${path}`;
  const check = (url: string, more = {}, made = plain()) => carryOut('http.check', { url, ...more }, made);

  it('passes where status and text are as expected, also twice', async () => {
    for (let turn = 0; turn < 2; turn += 1)
      assert.equal(((await check(at('/health'), { contains: 'ok' })).outputs as { status: number }).status, 200);
  });

  it('sends nothing in its preflight', async () => {
    asked.length = 0;
    await typeOf('http.check').preflight({ url: at('/health') }, plain());
    assert.deepEqual(asked, []);
  });

  it('fails on another status, and on a text that is missing', async () => {
    assert.equal((await failure(check(at('/broken')))).code, 'wrong-status');
    assert.equal((await failure(check(at('/health'), { contains: 'nowhere' }))).code, 'text-missing');
  });

  it('does not follow a redirect', async () => {
    asked.length = 0;
    assert.equal((await failure(check(at('/away')))).code, 'wrong-status');
    assert.deepEqual(asked, ['GET /away']);
  });

  it('says that nobody is there, to be tried again', async () => {
    const error = await failure(check(`http://127.0.0.1:${await closedPort()}/`));
    assert.deepEqual([error.code, error.remedy], ['http-unreachable', 'again']);
  });

  it('ends when the step is cancelled', async () => {
    const stop = new AbortController();
    const pending = failure(check(at('/mute'), {}, plain({ signal: stop.signal })));
    stop.abort();
    assert.equal((await pending).code, 'cancelled');
  });

  for (const url of [
    'http://169.254.169.254/latest',
    'http://0xA9FEA9FE/',
    'http://2852039166/',
    'http://[fd00:ec2::254]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://0.0.0.0/',
  ]) {
    it(`refuses ${url} as a mistake`, async () => {
      const error = await failure(check(url));
      assert.deepEqual([error.code, error.remedy], ['address-refused', 'mistake']);
    });
  }

  it('refuses a name that leads to this machine, and a name that leads to a metadata service', () => {
    assert.equal(forbidden('127.0.0.1', false), true);
    assert.equal(forbidden('::1', false), true);
    assert.equal(forbidden('::ffff:127.0.0.1', false), true);
    assert.equal(forbidden('::ffff:7f00:1', false), true);
    assert.equal(forbidden('169.254.169.254', true), true);
    assert.equal(forbidden('10.0.0.1', false), false);
  });

  it('refuses what is no web address, and a login in one', async () => {
    assert.equal((await failure(check('file:///etc/passwd'))).code, 'not-a-web-address');
    assert.equal((await failure(check('orders'))).code, 'not-a-web-address');
    const error = await failure(check('http://me:hunter2@127.0.0.1/'));
    assert.equal(error.code, 'login-in-address');
    assert.doesNotMatch(error.message, /hunter2/);
  });
});
