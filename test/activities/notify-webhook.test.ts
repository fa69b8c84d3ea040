import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { carryOut, failure, typeOf } from './estate.ts';
import { closedPort, listen, plain } from './nowhere.ts';

interface Delivery {
  readonly key: string;
  readonly signature: string;
  readonly body: string;
}

describe('notify.webhook', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-hook-'));
  const secret = join(folder, 'secret');
  const deliveries: Delivery[] = [];
  let lose = 0;
  let status = 204;
  let server: Awaited<ReturnType<typeof listen>>;
  before(async () => {
    writeFileSync(secret, 'hush\n');
    server = await listen(
      http.createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (part: string) => (body += part));
        request.on('end', () => {
          deliveries.push({
            key: String(request.headers['idempotency-key']),
            signature: String(request.headers['lifeboat-signature']),
            body,
          });
          if (lose-- > 0) return void request.socket.destroy();
          response.writeHead(status).end();
        });
      }),
    );
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    deliveries.length = 0;
    lose = 0;
    status = 204;
  });
  const notify = () => ({ 'on-call': { webhook: `http://127.0.0.1:${server.port}/hook`, secret: `file:${secret}` } });

  it('sends a message with the link to the run, signed over its very bytes', async () => {
    const made = plain({ notify: notify() });
    const outcome = await carryOut('notify.webhook', { to: 'on-call', message: 'Moved.' }, made);
    const [sent] = deliveries;
    assert.equal((outcome.outputs as { status: number }).status, 204);
    assert.equal(
      sent?.signature,
      `sha256=${createHmac('sha256', 'hush')
        .update(sent?.body ?? '')
        .digest('hex')}`,
    );
    const letter = JSON.parse(sent?.body ?? '') as { message: string; link: string; key: string };
    assert.deepEqual([letter.message, letter.link, letter.key], ['Moved.', made.run.link, made.key]);
    assert.equal(sent?.key, made.key);
    assert.doesNotMatch(sent?.body ?? '', /hush/);
  });

  it('sends nothing in its preflight', async () => {
    await typeOf('notify.webhook').preflight({ to: 'on-call' }, plain({ notify: notify() }));
    assert.deepEqual(deliveries, []);
  });

  it('repeats the same bytes under the same key when the answer was lost, so that the receiver counts one', async () => {
    lose = 1;
    const made = plain({ notify: notify() });
    const error = await failure(carryOut('notify.webhook', { to: 'on-call' }, made));
    assert.deepEqual([error.code, error.remedy], ['http-unreachable', 'again']);
    await carryOut('notify.webhook', { to: 'on-call' }, { ...made, step: { id: 'step', attempt: 2 } });
    assert.equal(deliveries.length, 2);
    assert.deepEqual(deliveries[0], deliveries[1]);
  });

  it("knows from the last attempt's heartbeat that it was delivered", async () => {
    const outcome = await typeOf('notify.webhook').verify(
      { to: 'on-call' },
      plain({ notify: notify(), resume: { status: 204, at: '2026-11-22T10:00:00.000Z' } }),
    );
    assert.deepEqual(outcome.outputs, { status: 204, at: '2026-11-22T10:00:00.000Z' });
  });

  it('does not claim a delivery that it did not see', async () => {
    assert.equal((await failure(typeOf('notify.webhook').verify({ to: 'on-call' }, plain({ notify: notify() })))).code, 'delivery-unknown');
  });

  for (const [answer, code, remedy] of [
    [500, 'webhook-failed', 'again'],
    [429, 'webhook-busy', 'later'],
    [401, 'webhook-refused', 'person'],
    [302, 'webhook-refused', 'person'],
  ] as const) {
    it(`meets the answer ${answer} with "${remedy}"`, async () => {
      status = answer;
      const error = await failure(carryOut('notify.webhook', { to: 'on-call' }, plain({ notify: notify() })));
      assert.deepEqual([error.code, error.remedy], [code, remedy]);
    });
  }

  it('says who is known where the recipient is not', async () => {
    const error = await failure(carryOut('notify.webhook', { to: 'on-cal' }, plain({ notify: notify() })));
    assert.deepEqual([error.code, error.remedy], ['unknown-recipient', 'mistake']);
    assert.match(error.message, /it has on-call/);
  });

  it('sends nothing once the run no longer runs', async () => {
    const gone = { ...plain({ notify: notify() }), stillOurs: async () => Promise.reject(new Error('the run is over')) };
    await assert.rejects(carryOut('notify.webhook', { to: 'on-call' }, gone), /the run is over/);
    assert.deepEqual(deliveries, []);
  });

  it('is tried again where nobody listens', async () => {
    const made = plain({ notify: { 'on-call': { webhook: `http://127.0.0.1:${await closedPort()}/` } } });
    assert.equal((await failure(carryOut('notify.webhook', { to: 'on-call' }, made))).remedy, 'again');
  });
});
