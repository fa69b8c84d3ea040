import assert from 'node:assert/strict';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { traffic, type Traffic } from './haproxy.ts';

describe('haproxy.ready', () => {
  let at: Traffic;
  beforeEach(async () => {
    at = await traffic();
  });
  afterEach(() => at?.end());
  const input = (more: object = {}) => ({ host: 'edge', backend: 'orders', server: 'b-db', socket: at.socket, save: at.save, ...more });
  const answers = async () => new Set([await at.get(), await at.get(), await at.get(), await at.get()]);

  it('changes nothing in its preflight', async () => {
    const before = await at.states();
    assert.match((await typeOf('haproxy.ready').preflight(input(), at.context())).join(' '), /orders\/b-db as MAINT/);
    assert.equal(await at.states(), before);
  });

  it('lets a server in once, whose health check is good, and keeps it over a reload', async () => {
    const outcome = await carryOut('haproxy.ready', input(), at.context());
    assert.match((outcome.outputs as { status: string }).status, /^UP/);
    assert.deepEqual(await answers(), new Set(['a-db', 'b-db']));
    await carryOut('haproxy.ready', input({ save: undefined }), at.context({ stillOurs: () => Promise.reject(new Error('again')) }));
    await at.reload();
    assert.deepEqual(await answers(), new Set(['a-db', 'b-db']));
  });

  it('does not call a server ready whose health check fails', async () => {
    await at.api('set server orders/b-db addr 127.0.0.1 port 1');
    const error = await failure(carryOut('haproxy.ready', input(), at.context()));
    assert.equal(error.code, 'haproxy-not-ready');
    assert.match(error.message, /health check fails/);
    assert.deepEqual(await answers(), new Set(['a-db']));
  }).timeout(30_000);

  it('is undone to what it was', async () => {
    const context = at.context();
    await carryOut('haproxy.ready', input(), context);
    await undo('haproxy.ready', input(), context);
    assert.match(await at.api('show stat -1 4 -1'), /b-db.*MAINT/);
    assert.deepEqual(await answers(), new Set(['a-db']));
    await undo('haproxy.ready', input({ server: 'b-db' }), at.context());
    assert.deepEqual(await answers(), new Set(['a-db']));
  });

  it('changes nothing once the run no longer runs, and nothing by a socket that may not', async () => {
    const late = at.context({ stillOurs: () => Promise.reject(new Error('over')) });
    await assert.rejects(typeOf('haproxy.ready').execute(input(), late), /over/);
    assert.equal(
      (await failure(typeOf('haproxy.ready').execute(input({ socket: `${at.socket}.user` }), at.context()))).code,
      'haproxy-level',
    );
    assert.equal((await failure(typeOf('haproxy.ready').execute(input({ socket: '/run/no.sock' }), at.context()))).code, 'haproxy-socket');
    assert.deepEqual(await answers(), new Set(['a-db']));
  });

  it('is rehearsed by reading alone', async () => {
    const before = await at.states();
    const { outputs } = await rehearse('haproxy.ready', input(), at.context({ live: false }));
    assert.deepEqual(outputs, { status: 'MAINT' });
    assert.equal(await at.states(), before);
  });
});
