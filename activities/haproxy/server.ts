import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import type { StepContext } from '../step.ts';
import { ask, order, refusal, type Proxy } from './runtime.ts';

/** What people may set a server to. `drain`: no new sessions; `maint`: none at all, and no health checks. */
export type Wanted = 'ready' | 'drain' | 'maint';

/** A server of a backend, as HAProxy shows it. */
export interface Server {
  readonly name: string;
  readonly wanted: Wanted;
  /** HAProxy's own word: `UP`, `DOWN`, `DRAIN`, `MAINT`, `no check` … */
  readonly status: string;
  /** Sessions on it now. */
  readonly sessions: number;
}

/** How long HAProxy may take to follow, milliseconds. */
const patience = 5_000;

/** Every server of the backend. */
export async function servers(proxy: Proxy, context: StepContext): Promise<readonly Server[]> {
  // Of every proxy: a frontend may bear the backend's name, and a question by name would mean that one.
  const command = 'show stat -1 4 -1';
  const text = await ask(proxy, command, context);
  const [head = '', ...rows] = text.trim().split('\n');
  const columns = head.replace(/^# /, '').split(',');
  if (!columns.includes('svname')) throw refusal(proxy, command, text.trim());
  const cell = (row: string, name: string): string => row.split(',')[columns.indexOf(name)] ?? '';
  return rows
    .filter((row) => cell(row, 'pxname') === proxy.backend)
    .map((row) => {
      const status = cell(row, 'status');
      return { name: cell(row, 'svname'), wanted: wantedBy(status), status, sessions: Number(cell(row, 'scur')) };
    });
}

/** One server of the backend; a mistake where it has none of that name. */
export async function serverOf(proxy: Proxy, name: string, context: StepContext): Promise<Server> {
  const all = await servers(proxy, context);
  const found = all.find((one) => one.name === name);
  if (found) return found;
  throw new StepError(
    'haproxy-unknown',
    `The backend ${proxy.backend} of HAProxy on ${proxy.host} has no server "${name}"; it has ${all.map((one) => one.name).join(', ') || 'none'}.`,
    'mistake',
  );
}

/** Sets a server, and waits until HAProxy shows it so. Does nothing where it is so already. */
export async function become(proxy: Proxy, name: string, wanted: Wanted, context: StepContext): Promise<Server> {
  const before = await serverOf(proxy, name, context);
  if (before.wanted === wanted) return before;
  await order(proxy, `set server ${proxy.backend}/${name} state ${wanted}`, context);
  for (const until = Date.now() + patience; ;) {
    const now = await serverOf(proxy, name, context);
    if (now.wanted === wanted) return now;
    if (Date.now() > until)
      throw new StepError('haproxy-unchanged', `HAProxy on ${proxy.host} took "${wanted}" for ${name} and still shows ${now.status}.`);
    context.heartbeat();
    await context.sleep(100);
  }
}

/** Whether it is given sessions, and no verdict of its health check is outstanding: then HAProxy shows `UP 1/2` or the like. */
export function serves({ wanted, status }: Server): boolean {
  return wanted === 'ready' && /^(UP|no check)$/.test(status);
}

/** Lets a server take sessions, and waits for the first good verdict of its health check, which begins anew. */
export async function admit(proxy: Proxy, name: string, context: StepContext): Promise<void> {
  let now = await become(proxy, name, 'ready', context);
  for (const until = Date.now() + 10_000; !serves(now) && Date.now() < until; now = await serverOf(proxy, name, context)) {
    context.heartbeat();
    await context.sleep(100);
  }
}

/** Ends the sessions on a server, and waits until none is left. */
export async function endSessions(proxy: Proxy, name: string, context: StepContext): Promise<void> {
  for (const until = Date.now() + patience; (await serverOf(proxy, name, context)).sessions > 0;) {
    if (Date.now() > until) throw new StepError('haproxy-sessions', `Sessions on ${name} behind HAProxy on ${proxy.host} do not end.`);
    await order(proxy, `shutdown sessions server ${proxy.backend}/${name}`, context);
    context.heartbeat();
    await context.sleep(50);
  }
}

/** Writes the state of all servers to the file from which HAProxy takes it at a reload, and reads the file back. */
export async function save(proxy: Proxy, context: StepContext): Promise<void> {
  if (proxy.save === undefined) return;
  const state = await ask(proxy, 'show servers state', context);
  const host = context.host(proxy.host);
  const options = {
    deadline: 4_000,
    signal: context.signal,
    viewpoint: context.viewpoint,
    ...(proxy.as === undefined ? {} : { as: proxy.as }),
  };
  await context.stillOurs();
  const answer = await run(host, ['dd', `of=${proxy.save}`, 'conv=fsync', 'status=none'], { ...options, input: state });
  if (!(await saved(proxy, context)))
    throw new StepError(
      'haproxy-not-saved',
      `The state of HAProxy on ${proxy.host} was not saved in ${proxy.save}: ${answer.stderr.trim().slice(0, 200) || 'it does not hold what HAProxy shows'}.`,
      'person',
    );
}

/** Whether the saved state says of every server of the backend what HAProxy shows. */
export async function saved(proxy: Proxy, context: StepContext): Promise<boolean> {
  const file = await run(context.host(proxy.host), ['cat', proxy.save ?? ''], {
    deadline: 4_000,
    signal: context.signal,
    viewpoint: context.viewpoint,
    ...(proxy.as === undefined ? {} : { as: proxy.as }),
  });
  const kept = adminStates(file.stdout, proxy.backend);
  const shown = adminStates(await ask(proxy, `show servers state ${proxy.backend}`, context), proxy.backend);
  return shown.length > 0 && shown.every((line) => kept.includes(line));
}

/** `NAME ADMIN-STATE` of each server: the columns of `show servers state` by its own heading. */
function adminStates(text: string, backend: string): string[] {
  const lines = text.split('\n');
  const columns =
    lines
      .find((line) => line.startsWith('# '))
      ?.slice(2)
      .split(' ') ?? [];
  const [be, name, state] = ['be_name', 'srv_name', 'srv_admin_state'].map((column) => columns.indexOf(column));
  return lines
    .map((line) => line.split(' '))
    .filter((cells) => cells[be!] === backend)
    .map((cells) => `${cells[name!]} ${cells[state!]}`);
}

function wantedBy(status: string): Wanted {
  return status.startsWith('MAINT') ? 'maint' : status.startsWith('DRAIN') ? 'drain' : 'ready';
}
