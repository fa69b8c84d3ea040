import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { hostOf, secret, secretFile, type Lab } from '../../lab/lab.ts';

/** Presses a button of a host's controller; returns the HTTP status. */
export async function press(lab: Lab, host: string, reset: string): Promise<number> {
  const { statusCode, body } = await ask(lab, host, 'POST', `/redfish/v1/Systems/${host}/Actions/ComputerSystem.Reset`, {
    ResetType: reset,
  });
  await body.dump();
  return statusCode;
}

/** What the controller says of its machine. */
export async function said(lab: Lab, host: string, within?: number): Promise<string> {
  const { statusCode, body } = await ask(lab, host, 'GET', `/redfish/v1/Systems/${host}`, undefined, within);
  return statusCode === 200 ? ((await body.json()) as { PowerState: string }).PowerState : `status ${statusCode}`;
}

export async function ask(
  lab: Lab,
  host: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  within = 5000,
  password = secret(lab, `controller-${host}`),
) {
  const dispatcher = new Agent({ connect: { ca: readFileSync(secretFile(lab, 'controllers.pem'), 'utf8'), timeout: within } });
  return request(`https://127.0.0.1:${hostOf(lab, host).controller!.port}${path}`, {
    dispatcher,
    method,
    headers: { authorization: `Basic ${Buffer.from(`lifeboat:${password}`).toString('base64')}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    headersTimeout: within,
    bodyTimeout: within,
  });
}
