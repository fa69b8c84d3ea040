import { fetch, type RequestInit } from 'undici';
import { StepError } from '../error.ts';
import { guardedAgent, webAddress } from './guard.ts';
import { limited } from '../limit.ts';

export interface Answer {
  readonly status: number;
  /** At most 1 MiB. */
  readonly body: string;
  readonly milliseconds: number;
}

const most = 1024 * 1024;

/** One request, without following a redirect, within `patience` milliseconds. Throws a StepError where there is no answer. */
export async function request(address: string, init: RequestInit, patience: number, signal: AbortSignal): Promise<Answer> {
  const url = webAddress(address);
  const agent = guardedAgent(url);
  const began = performance.now();
  try {
    const answer = await fetch(url, { ...init, dispatcher: agent, redirect: 'manual', signal: limited(signal, patience) });
    const body = await beginning(answer.body);
    return { status: answer.status, body, milliseconds: Math.round(performance.now() - began) };
  } catch (error) {
    throw failure(error as Error, url, patience);
  } finally {
    agent.destroy().catch(() => undefined);
  }
}

async function beginning(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    parts.push(part);
    size += part.length;
    if (size >= most) break;
  }
  return Buffer.concat(parts).subarray(0, most).toString('utf8');
}

function failure(error: Error, url: URL, patience: number): StepError {
  const cause = (error.cause ?? error) as Error & { code?: string };
  if (cause instanceof StepError) return cause;
  if (error instanceof StepError) return error;
  if (error.name === 'TimeoutError') return new StepError('http-silent', `${url.host} does not answer within ${patience} ms.`);
  if (error.name === 'AbortError') return new StepError('cancelled', `The request to ${url.host} was ended, because the step was.`);
  const code = cause.code ?? cause.message;
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code))
    return new StepError('http-certificate', `${url.host} shows a certificate that is not trusted (${code}).`, 'person');
  return new StepError('http-unreachable', `${url.host} cannot be reached (${code}).`);
}
