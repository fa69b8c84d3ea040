import assert from 'node:assert/strict';
import net from 'node:net';
import { carryOut, context, failure, typeOf, type Options } from './estate.ts';
import { closedPort, listen, localHost } from './nowhere.ts';

describe('tcp.check', () => {
  const at = (port: number, options: Options = {}) =>
    context({ system: { name: 'orders', tier: 1 }, hosts: { 'a-db': localHost('a-db', port) } }, options);

  it('passes where a connection stands, by the port that reaches it, and connects only to verify', async () => {
    let connections = 0;
    const server = await listen(net.createServer(() => (connections += 1)));
    try {
      const host = { ...localHost('a-db', 22), views: { 'site-b': { address: '127.0.0.1', ports: { 5432: server.port } } } };
      const made = context({ system: { name: 'orders', tier: 1 }, hosts: { 'a-db': host } });
      await typeOf('tcp.check').preflight({ host: 'a-db', port: 5432 }, made);
      assert.equal(connections, 0);
      for (let turn = 0; turn < 2; turn += 1)
        assert.match((await carryOut('tcp.check', { host: 'a-db', port: 5432 }, made)).evidence[0] ?? '', /takes connections from site-b/);
    } finally {
      await server.close();
    }
  });

  it('says that the port is closed, to be tried again', async () => {
    const port = await closedPort();
    const error = await failure(carryOut('tcp.check', { host: 'a-db', port }, at(port)));
    assert.deepEqual([error.code, error.remedy], ['port-closed', 'again']);
    assert.match(error.message, /connection refused/);
  });

  it('says what to add where the inventory has no view from here', async () => {
    const host = { ...localHost('a-db', 22), views: { outside: { address: '127.0.0.1', ports: {} } } };
    const error = await failure(
      carryOut('tcp.check', { host: 'a-db', port: 1 }, context({ system: { name: 'orders', tier: 1 }, hosts: { 'a-db': host } })),
    );
    assert.deepEqual([error.code, error.remedy], ['no-address', 'mistake']);
  });

  it('ends when the step is cancelled', async () => {
    const stop = AbortSignal.abort();
    assert.equal((await failure(carryOut('tcp.check', { host: 'a-db', port: 1 }, at(1, { signal: stop })))).code, 'cancelled');
  });
});
