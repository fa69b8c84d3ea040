import assert from 'node:assert/strict';
import { carryOut, failure, rehearse, typeOf, undo, until } from './estate.ts';
import { traffic, type Traffic } from './haproxy.ts';

describe('haproxy.drain', () => {
  let at: Traffic;
  beforeEach(async () => {
    at = await traffic();
    await at.api('set server orders/b-db state ready');
    await until('both servers', async () => /b-db,.*,UP,/.test(await at.api('show stat -1 4 -1')));
  });
  afterEach(() => at?.end());
  const input = (more: object = {}) => ({ host: 'edge', backend: 'orders', server: 'a-db', socket: at.socket, save: at.save, ...more });

  it('changes nothing in its preflight', async () => {
    const before = await at.states();
    assert.match((await typeOf('haproxy.drain').preflight(input(), at.context())).join(' '), /orders\/a-db as UP/);
    assert.equal(await at.states(), before);
  });

  it('gives no new sessions and lets an open one end, for as long as it was told to', async () => {
    const held = await at.hold();
    const server = at.open('a-db') === 1 ? 'a-db' : 'b-db';
    const brief = await carryOut('haproxy.drain', input({ server }), at.context());
    assert.deepEqual(brief.outputs, { status: 'DRAIN', sessions: 1 });
    for (let turn = 0; turn < 4; turn += 1) assert.notEqual(await at.get(), server);
    assert.equal(at.open(server), 1);
    setTimeout(() => held.destroy(), 300);
    const long = await carryOut('haproxy.drain', input({ server, wait: 10 }), at.context());
    assert.deepEqual(long.outputs, { status: 'DRAIN', sessions: 0 });
  });

  it('keeps it over a reload, and is run twice with one effect', async () => {
    await carryOut('haproxy.drain', input(), at.context());
    await carryOut('haproxy.drain', input({ save: undefined }), at.context({ stillOurs: () => Promise.reject(new Error('again')) }));
    await at.reload();
    for (let turn = 0; turn < 4; turn += 1) assert.equal(await at.get(), 'b-db');
  });

  it('is not drained where somebody let it in again', async () => {
    await carryOut('haproxy.drain', input(), at.context());
    await at.api('set server orders/a-db state ready');
    assert.equal((await failure(typeOf('haproxy.drain').verify(input(), at.context()))).code, 'haproxy-not-drained');
  });

  it('stops waiting when it is cancelled', async () => {
    await at.api('set server orders/b-db state maint');
    const held = await at.hold();
    const stop = new AbortController();
    const context = at.context({ signal: stop.signal });
    setTimeout(() => stop.abort(), 300);
    const began = performance.now();
    await assert.rejects(typeOf('haproxy.drain').execute(input({ wait: 60 }), context));
    assert.ok(performance.now() - began < 3_000);
    held.destroy();
  });

  it('is undone, and leaves out what was out before', async () => {
    const one = at.context();
    await carryOut('haproxy.drain', input(), one);
    await undo('haproxy.drain', input(), one);
    const two = at.context();
    await at.api('set server orders/b-db state maint');
    await carryOut('haproxy.drain', input({ server: 'b-db' }), two);
    assert.match((await undo('haproxy.drain', input({ server: 'b-db' }), two)).join(), /no sessions before either/);
    for (let turn = 0; turn < 4; turn += 1) assert.equal(await at.get(), 'a-db');
  });

  it('tells an unreachable proxy from one that it may not use', async () => {
    const type = typeOf('haproxy.drain');
    assert.equal((await failure(type.preflight(input({ socket: '/run/nowhere.sock' }), at.context()))).code, 'haproxy-socket');
    assert.equal((await failure(type.preflight(input({ socket: `${at.socket}.user` }), at.context()))).code, 'haproxy-level');
    assert.equal((await failure(type.execute(input({ socket: `${at.socket}.user` }), at.context()))).code, 'haproxy-level');
  });

  it('is rehearsed by reading alone', async () => {
    const before = await at.states();
    const { outputs } = await rehearse('haproxy.drain', input(), at.context({ live: false }));
    assert.deepEqual(outputs, { status: 'UP', sessions: 0 });
    assert.equal(await at.states(), before);
  });
});
