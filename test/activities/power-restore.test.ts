import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { secretFile } from '../../lab/lab.ts';
import type { Proof } from '../../activities/step.ts';
import { carryOut, context, estate, type Estate, type Options } from './estate.ts';

/** The lab's controllers have no power-restore policy: one with such a setting stands in front of a real one here. */
describe('The power-restore policy', () => {
  const input = { host: 'a-db' };
  let at: Estate;
  let front: https.Server;
  const setting = { policy: 'AlwaysOn', etag: 1, deaf: false, patches: 0 };

  before(async () => {
    at = await estate();
    const real = at.hosts['a-db']!.power!;
    const [cert, key] = [readFileSync(real.certificate!, 'utf8'), readFileSync(secretFile(at.lab, 'controllers.key'), 'utf8')];
    front = https.createServer({ cert, key }, (request, response) => void answer(request, response, real.address, cert));
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    front?.closeAllConnections();
    front?.close();
    await at?.end();
  });
  beforeEach(async () => {
    Object.assign(setting, { policy: 'AlwaysOn', deaf: false, patches: 0 });
    await at.restore('a-db');
  });

  const made = (options: Options = {}) => {
    const host = at.hosts['a-db']!;
    const power = { ...host.power!, address: `https://127.0.0.1:${(front.address() as AddressInfo).port}` };
    return context(at, { ...options, hosts: { ...at.hosts, 'a-db': { ...host, power } } });
  };

  it('is set to always off by the fence, once, and read back; the boot puts it back to what the fence found', async () => {
    const outcome = await carryOut('power.off', input, made());
    assert.equal(setting.policy, 'AlwaysOff');
    assert.match(
      outcome.evidence.join(' '),
      /says power-restore policy always-off\. Power-restore policy of a-db was always-on before its fence\./,
    );
    const [fence] = outcome.proofs ?? [];
    const again = await made({ proofs: [fence!] }).reread(fence!);
    assert.match(again.evidence.join(' '), /was always-on before its fence/);
    assert.equal(setting.patches, 1);

    await carryOut('power.on', input, made({ fences: [again as Proof] }));
    assert.deepEqual([setting.policy, setting.patches], ['AlwaysOn', 2]);
    await carryOut('power.on', input, made({ fences: [again as Proof] }));
    assert.equal(setting.patches, 2);
  });

  it('is known from its heartbeat where the attempt that changed it was killed', async () => {
    const first = made();
    await carryOut('power.off', input, first);
    const resume = first.beats.find((beat) => beat !== undefined);
    const outcome = await carryOut('power.off', input, made({ resume, stillOurs: () => Promise.reject(new Error('again')) }));
    assert.match(outcome.evidence.join(' '), /was always-on before its fence/);
  });

  it('is left alone by a boot that no fence preceded', async () => {
    setting.policy = 'LastState';
    await carryOut('power.on', input, made());
    assert.deepEqual([setting.policy, setting.patches], ['LastState', 0]);
  });

  it('fails no fence: what the controller says instead stands in the evidence', async () => {
    setting.deaf = true;
    const outcome = await carryOut('power.off', input, made());
    assert.match(outcome.evidence.join(' '), /says Off\. .* says power-restore policy always-on/);
  });

  async function answer(request: http.IncomingMessage, response: http.ServerResponse, real: string, ca: string): Promise<void> {
    const text = await whole(request);
    if (request.method === 'PATCH') {
      setting.patches += 1;
      if (request.headers['if-match'] !== `"${setting.etag}"`) return void response.writeHead(412).end();
      const { PowerRestorePolicy: policy } = JSON.parse(text) as { PowerRestorePolicy: string };
      if (!setting.deaf) Object.assign(setting, { policy, etag: setting.etag + 1 });
      return void response.writeHead(204).end();
    }
    const { authorization, 'content-type': type } = request.headers;
    const headers = { ...(authorization && { authorization }), ...(type && { 'content-type': type }) };
    const { method = 'GET', url = '/' } = request;
    const behind = https.request(new URL(url, real), { ca, checkServerIdentity: () => undefined, method, headers });
    behind.end(text);
    const [got] = (await once(behind, 'response')) as [http.IncomingMessage];
    const body = await whole(got);
    const more = { PowerRestorePolicy: setting.policy, '@odata.etag': `"${setting.etag}"` };
    const shown = body.includes('"PowerState"') ? JSON.stringify({ ...(JSON.parse(body) as object), ...more }) : body;
    response.writeHead(got.statusCode ?? 500).end(shown);
  }
});

async function whole(stream: http.IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
