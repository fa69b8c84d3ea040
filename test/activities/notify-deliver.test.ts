import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StepError } from '../../activities/error.ts';
import { deliver } from '../../activities/notify/deliver.ts';
import type { Message } from '../../activities/notify/message.ts';
import { selfSigned } from '../../lab/certificate.ts';
import type { Recipient } from '../../plan/plan.ts';
import { runLink } from '../../worker/link.ts';
import { failure, until } from './estate.ts';
import { mailbox, type Mailbox } from './mailbox.ts';
import { closedPort, listen } from './nowhere.ts';

const message: Message = {
  event: 'gate',
  system: 'orders',
  key: 'run-1/cut-over/1/2026-11-23T10:00:00.000Z',
  title: 'orders: approval wanted: Move <orders> & all',
  text: ['unplanned failover of orders, site-a → site-b.', 'data at risk: about 8 kB lost'],
  commands: ['lifeboat approve failover-orders'],
  run: 'failover-orders',
  link: 'https://temporal.example.com/namespaces/default/workflows/failover-orders',
  head: 'orders:3:abc',
};
const hush = 'hush-hush-hush';

describe('a message to people', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-told-'));
  let received: { readonly path: string; readonly key: string; readonly signature: string; readonly body: string }[] = [];
  let status = 200;
  let receiver: Awaited<ReturnType<typeof listen>>;
  let box: Mailbox;
  let guarded: Mailbox;

  before(async function () {
    this.timeout(300_000);
    const { key, certificate } = selfSigned('mail');
    const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    writeFileSync(keyFile, key);
    writeFileSync(certificateFile, certificate);
    box = await mailbox({ login: ['lifeboat', hush] });
    guarded = await mailbox({ tls: [certificateFile, keyFile] });
    receiver = await listen(
      http.createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (part: string) => (body += part));
        request.on('end', () => {
          const { 'idempotency-key': key, 'lifeboat-signature': signature } = request.headers;
          received.push({ path: request.url ?? '', key: String(key), signature: String(signature), body });
          response.writeHead(status).end('no_service');
        });
      }),
    );
  });
  after(async () => {
    await Promise.all([box?.close(), guarded?.close(), receiver?.close()]);
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    received = [];
    status = 200;
  });

  /** Of every secret the same value: it must never be seen again but where it belongs. */
  const send = (recipient: Recipient, secret = hush, about: Message = message): Promise<string> =>
    deliver('people', recipient, about, { secret: async () => secret, signal: new AbortController().signal });
  const email = (to: string, change: object = {}): Recipient => ({
    email: {
      to: [to],
      from: 'lifeboat@example.com',
      server: `smtp://127.0.0.1:${box.port}`,
      user: 'lifeboat',
      password: 'env:X',
      ...change,
    },
  });

  it('reaches a webhook as JSON with every field, signed over its very bytes', async () => {
    assert.equal(await send({ webhook: `http://127.0.0.1:${receiver.port}/hook`, secret: 'env:X' }), 'The webhook of people answered 200.');
    const [{ body, key, signature } = assert.fail('nothing came')] = received;
    const { title, ...rest } = message;
    assert.deepEqual(JSON.parse(body), { message: title, ...rest });
    assert.equal(key, message.key);
    assert.equal(signature, `sha256=${createHmac('sha256', hush).update(body).digest('hex')}`);
  });

  it('reaches what takes what Slack takes, whose address is the secret', async () => {
    await send({ slack: 'env:X' }, `http://127.0.0.1:${receiver.port}/services/T0/B0/secret`);
    const [{ path, body } = assert.fail('nothing came')] = received;
    assert.equal(path, '/services/T0/B0/secret');
    assert.deepEqual((JSON.parse(body) as { text: string }).text.split('\n'), [
      '*orders: approval wanted: Move &lt;orders&gt; &amp; all*',
      'unplanned failover of orders, site-a → site-b.',
      'data at risk: about 8 kB lost',
      '`lifeboat approve failover-orders`',
      `<${message.link}|failover-orders>`,
      '_Newest record: orders:3:abc_',
    ]);
  });

  it('links to the very page of a run, in a chat too, whatever its name and the address hold', async () => {
    const run = 'failover-site-a-2026-11-23T00:00:00Z/orders';
    const link = runLink('https://temporal.example.com/a&b|c', 'default', run, '').replace(/\/$/u, '');
    await send({ slack: 'env:X' }, `http://127.0.0.1:${receiver.port}/`, { ...message, run, link });
    const { text } = JSON.parse(received[0]!.body) as { text: string };
    const page = 'namespaces/default/workflows/failover-site-a-2026-11-23T00%3A00%3A00Z%2Forders';
    assert.equal(text.split('\n').at(-2), `<https://temporal.example.com/a&amp;b%7Cc/${page}|${run}>`);
  });

  it('never repeats an address that is secret, not where it is refused and not where it is none', async () => {
    status = 404;
    const secrets = [
      `http://127.0.0.1:${receiver.port}/services/T0/secret`,
      `http://127.0.0.1:${await closedPort()}/T0/secret`,
      'T0/secret',
    ];
    for (const [index, code] of ['webhook-refused', 'http-unreachable', 'not-a-web-address'].entries()) {
      const error = await failure(send({ slack: 'env:X' }, secrets[index]));
      assert.equal(error.code, code);
      assert.doesNotMatch(error.message, /T0/);
    }
  });

  it('reaches people by e-mail, with a Message-ID that is the same where it is sent again', async () => {
    await send(email('alice@example.com'));
    await send(email('alice@example.com'));
    await until('two mails', () => box.mails.length === 2);
    const [id, again] = box.mails.map(({ text }) => /^Message-ID: (.+)$/im.exec(text)?.[1]);
    assert.equal(id, again);
    const { sender, to, text: folded } = box.mails[0]!;
    const text = folded.replaceAll('=\r\n', '');
    assert.deepEqual([sender, to], ['lifeboat@example.com', ['alice@example.com']]);
    assert.match(text, /^Subject: orders: approval wanted: Move <orders> & all\r$/m);
    assert.match(text, /^Auto-Submitted: auto-generated\r$/m);
    assert.match(text, /In a terminal:\r\n\r\n {4}lifeboat approve failover-orders\r/);
    assert.equal(text.includes(hush), false);
    assert.deepEqual(box.logins.at(-1), { login: 'lifeboat', encrypted: false });
  });

  it('puts nothing into the header of a mail that a title could smuggle there', async () => {
    const before = box.mails.length;
    await send(email('alice@example.com'), hush, { ...message, title: 'orders\r\nBcc: mallory@example.com' });
    await until('the mail', () => box.mails.length > before);
    const mail = box.mails.at(-1)!;
    assert.deepEqual(mail.to, ['alice@example.com']);
    assert.doesNotMatch(mail.text, /^Bcc:/im);
  });

  for (const [to, code, remedy] of [
    ['refused@example.com', 'mail-refused', 'person'],
    ['busy@example.com', 'mail-busy', 'later'],
    ['lost@example.com', 'mail-unreachable', 'again'],
  ] as const) {
    it(`to ${to} fails with ${code}`, async () => {
      const error = await failure(send(email(to)));
      assert.deepEqual([error.code, error.remedy], [code, remedy]);
    });
  }

  it('with a wrong password says so and not which', async () => {
    const error = await failure(send(email('alice@example.com'), 'wrong-one'));
    assert.deepEqual([error.code, error.remedy], ['mail-login', 'person']);
    assert.doesNotMatch(`${error.message} ${error.stack}`, /wrong-one/);
  });

  it('sends no password where the server does not encrypt, but on this machine', async () => {
    const before = box.logins.length;
    // Another name of this machine, which is not seen to be one.
    const error = await failure(send(email('alice@example.com', { server: `smtp://[::ffff:127.0.0.1]:${box.port}` })));
    assert.deepEqual([error.code, error.remedy], ['mail-certificate', 'person']);
    assert.equal(box.logins.length, before);
  });

  it('trusts no certificate that nobody vouches for', async () => {
    const server = `smtp://127.0.0.1:${guarded.port}`;
    const error = await failure(send({ email: { to: ['alice@example.com'], from: 'lifeboat@example.com', server } }));
    assert.deepEqual([error.code, error.remedy], ['mail-certificate', 'person']);
    assert.deepEqual(guarded.mails, []);
  });

  it('gives up on a mail server that is gone, or says nothing, within seconds', async () => {
    const gone = await failure(send(email('alice@example.com', { server: `smtp://127.0.0.1:${await closedPort()}` })));
    assert.deepEqual([gone.code, gone.remedy], ['mail-unreachable', 'again']);
    const silent = await listen(net.createServer());
    const began = Date.now();
    const error = await failure(send(email('alice@example.com', { server: `smtp://127.0.0.1:${silent.port}` })));
    await silent.close();
    assert.equal(error.code, 'mail-unreachable');
    assert.ok(Date.now() - began < 9_000);
  });

  it('to nobody that can be told is a mistake', async () => {
    const error = await failure(send({ on: ['gate'] }));
    assert.ok(error instanceof StepError);
    assert.deepEqual([error.code, error.remedy], ['unknown-recipient', 'mistake']);
  });
});
