import { readFile } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { Agent, fetch } from 'undici';
import { z } from 'zod';
import type { HostFacts, PowerFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import type { Controller, PowerState } from './controller.ts';

/** Longest wait for one answer of a controller, milliseconds; connecting has 1 s of it. */
const patience = 3_000;
const list = z.object({ Members: z.array(z.object({ '@odata.id': z.string() })) });
const machine = z.object({ PowerState: z.string().nullish(), Name: z.string().nullish() });
const states: { readonly [word: string]: PowerState } = { On: 'on', Off: 'off' };

/** A controller that speaks DMTF Redfish. */
export function redfish(host: HostFacts, ask: Asker): Controller {
  const facts = host.power as PowerFacts;
  const base = baseOf(host, facts);
  let found: Promise<string> | undefined;
  const call = (path: string, body?: object): Promise<unknown> => request(new URL(path, base), facts, host.name, ask, body);
  const place = async (): Promise<string> => {
    found ??= find(call, facts, host.name);
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw error;
    }
  };
  return {
    async state() {
      const word = machine.safeParse(await call(await place())).data?.PowerState ?? 'nothing';
      return { state: (Object.hasOwn(states, word) ? states[word] : undefined) ?? 'other', word };
    },
    async press(wanted) {
      await call(`${await place()}/Actions/ComputerSystem.Reset`, { ResetType: wanted === 'off' ? 'ForceOff' : 'On' });
    },
  };
}

/** The path of the machine: the one that the inventory names, else the only one. */
async function find(call: (path: string) => Promise<unknown>, facts: PowerFacts, name: string): Promise<string> {
  const answer = list.safeParse(await call('/redfish/v1/Systems'));
  if (!answer.success)
    throw new StepError(
      'power-not-redfish',
      `The controller of ${name} does not answer as Redfish does: check \`power.address\`.`,
      'person',
    );
  const paths = answer.data.Members.map((member) => member['@odata.id'].replace(/\/$/, ''));
  if (facts.system === undefined) {
    if (paths.length === 1 && paths[0]) return paths[0];
    const names = paths.map((path) => path.split('/').at(-1)).join(', ');
    throw new StepError(
      'which-machine',
      `The controller of ${name} has ${paths.length} machines (${names}): name the right one as \`power.system\`.`,
      'mistake',
    );
  }
  const byId = paths.find((path) => path.split('/').at(-1) === facts.system);
  if (byId) return byId;
  for (const path of paths) if (machine.safeParse(await call(path)).data?.Name === facts.system) return path;
  throw new StepError('wrong-machine', `The controller of ${name} has no machine "${facts.system}": correct \`power.system\`.`, 'mistake');
}

async function request(url: URL, facts: PowerFacts, name: string, ask: Asker, body?: object): Promise<unknown> {
  const pinned = facts.certificate === undefined ? undefined : await certificate(facts.certificate, name);
  const password = facts.password === undefined ? '' : await ask.secret(facts.password);
  const agent = new Agent({
    connect: { timeout: 1_000, ...(pinned && { ca: pinned, checkServerIdentity: (server, shown) => identity(server, shown, pinned) }) },
    headersTimeout: patience,
    bodyTimeout: patience,
  });
  const late = AbortSignal.timeout(patience);
  try {
    const answer = await fetch(url, {
      dispatcher: agent,
      method: body ? 'POST' : 'GET',
      redirect: 'error',
      signal: ask.signal ? AbortSignal.any([ask.signal, late]) : late,
      headers: {
        accept: 'application/json',
        ...(facts.user !== undefined && { authorization: `Basic ${Buffer.from(`${facts.user}:${password}`).toString('base64')}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw refusal(answer.status, name, url);
    const text = await answer.text();
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw error instanceof StepError ? error : failure(error as Error, name, url);
  } finally {
    agent.destroy().catch(() => undefined);
  }
}

/** A pinned certificate is its own identity: controllers are seldom named in theirs. */
function identity(server: string, shown: tls.PeerCertificate, pinned: string): Error | undefined {
  return new X509Certificate(pinned).raw.equals(shown.raw) ? undefined : tls.checkServerIdentity(server, shown);
}

async function certificate(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw new StepError(
      'power-certificate',
      `The certificate of the controller of ${name} cannot be read from ${path}: correct \`power.certificate\`.`,
      'person',
    );
  }
}

function baseOf(host: HostFacts, facts: PowerFacts): URL {
  const url = URL.canParse(facts.address) ? new URL(facts.address) : undefined;
  if (url?.protocol === 'https:') return url;
  throw new StepError(
    'power-address',
    `The controller of ${host.name} has the address "${facts.address}": it must begin with https://.`,
    'mistake',
  );
}

function refusal(status: number, name: string, url: URL): StepError {
  if (status === 401 || status === 403) {
    return new StepError(
      'power-login',
      `The controller of ${name} refuses the login (${status}): correct \`power.user\` and the secret that \`power.password\` names.`,
      'person',
    );
  }
  if (status >= 500 || status === 429)
    return new StepError('power-failed', `The controller of ${name} failed (${status} on ${url.pathname}).`);
  return new StepError(
    'power-refused',
    `The controller of ${name} refuses ${url.pathname} (${status}): does it speak Redfish, and may the user do that?`,
    'person',
  );
}

function failure(error: Error, name: string, url: URL): StepError {
  const cause = (error.cause ?? error) as NodeJS.ErrnoException;
  const code = cause.code ?? error.name;
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO|EPROTO|ERR_SSL|ERR_TLS/.test(code)) {
    return new StepError(
      'power-certificate',
      `The controller of ${name} shows a certificate that is not trusted (${code}): pin it as \`power.certificate\`.`,
      'person',
    );
  }
  if (error instanceof SyntaxError)
    return new StepError(
      'power-not-redfish',
      `The controller of ${name} does not answer as Redfish does: check \`power.address\`.`,
      'person',
    );
  const why = error.name === 'TimeoutError' ? `no answer within ${patience} ms` : code;
  return new StepError('power-unreachable', `The controller of ${name} at ${url.host} does not answer (${why}).`);
}
