import { readFile } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { Agent, fetch } from 'undici';
import type { PowerFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import { limited } from '../limit.ts';

/** Longest wait for one answer of a controller, milliseconds; connecting has 1 s of it. */
const patience = 3_000;

/** What is sent to a controller. Without it a question is a plain reading. */
export interface RedfishOrder {
  readonly method: 'POST' | 'PATCH';
  readonly body: object;
  /** The version that is to be changed, where the controller keeps one. */
  readonly etag?: string | undefined;
}

/** One question to a controller, or one order. The answer is JSON, or undefined where there is none. */
export async function request(url: URL, facts: PowerFacts, name: string, ask: Asker, order?: RedfishOrder): Promise<unknown> {
  const pinned = facts.certificate === undefined ? undefined : await certificate(facts.certificate, name);
  const password = facts.password === undefined ? '' : await ask.secret(facts.password);
  const agent = new Agent({
    connect: { timeout: 1_000, ...(pinned && { ca: pinned, checkServerIdentity: (server, shown) => identity(server, shown, pinned) }) },
    headersTimeout: patience,
    bodyTimeout: patience,
  });
  try {
    const answer = await fetch(url, {
      dispatcher: agent,
      method: order?.method ?? 'GET',
      redirect: 'error',
      signal: ask.signal ? limited(ask.signal, patience) : AbortSignal.timeout(patience),
      headers: {
        accept: 'application/json',
        ...(facts.user !== undefined && { authorization: `Basic ${Buffer.from(`${facts.user}:${password}`).toString('base64')}` }),
        ...(order && { 'content-type': 'application/json' }),
        ...(order?.etag !== undefined && { 'if-match': order.etag }),
      },
      ...(order && { body: JSON.stringify(order.body) }),
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
