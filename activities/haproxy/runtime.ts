import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import type { StepContext } from '../step.ts';

/** Where the runtime API of a HAProxy is. */
export interface Proxy {
  readonly host: string;
  readonly socket: string;
  readonly backend: string;
  readonly as?: string | undefined;
  readonly save?: string | undefined;
}

/**
 * Sends one command to the runtime API and returns what it says: nothing where it was done, words without a code where it was not.
 * The command goes on standard input. What it says is no proof.
 */
export async function ask(proxy: Proxy, command: string, context: StepContext): Promise<string> {
  const answer = await run(context.host(proxy.host), ['socat', '-t', '3', '-', `UNIX-CONNECT:${proxy.socket}`], {
    deadline: 4_000,
    signal: context.signal,
    input: `${command}\n`,
    viewpoint: context.viewpoint,
    ...(proxy.as === undefined ? {} : { as: proxy.as }),
  });
  if (answer.code !== 0) throw unreachable(proxy, answer.stderr);
  if (/^Permission denied/m.test(answer.stdout))
    throw new StepError(
      'haproxy-level',
      `HAProxy on ${proxy.host} refuses "${command}" at ${proxy.socket}: give the socket \`level admin\` in its configuration.`,
      'person',
    );
  return answer.stdout;
}

/** Sends a command that changes something. */
export async function order(proxy: Proxy, command: string, context: StepContext): Promise<void> {
  await context.stillOurs();
  const said = (await ask(proxy, command, context)).trim();
  if (said !== '') throw refusal(proxy, command, said);
}

export function refusal(proxy: Proxy, command: string, said: string): StepError {
  const unknown = /no such (server|backend)|unknown (server|backend)|can't find (server|backend)/i.test(said);
  return new StepError(
    unknown ? 'haproxy-unknown' : 'haproxy-refused',
    `HAProxy on ${proxy.host} says to "${command}": ${said.slice(0, 200)}`,
    unknown ? 'mistake' : 'person',
  );
}

function unreachable({ host, socket }: Proxy, stderr: string): StepError {
  const said = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  if (/Permission denied/.test(stderr))
    return new StepError(
      'haproxy-login',
      `The socket ${socket} on ${host} may not be used: give \`as\` a user who may (${said}).`,
      'person',
    );
  if (/No such file/.test(stderr))
    return new StepError(
      'haproxy-socket',
      `There is no socket ${socket} on ${host}: does HAProxy run there, and is it its \`stats socket\`?`,
      'person',
    );
  if (/command not found|not found|No such file or directory.*socat/.test(stderr))
    return new StepError('haproxy-socat', `socat is not installed on ${host}.`, 'person');
  return new StepError('haproxy-unreachable', `HAProxy on ${host} does not answer at ${socket}${said ? ` (${said})` : ''}.`);
}
