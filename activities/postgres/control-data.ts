import type { StepContext } from '../step.ts';
import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import { memberOf } from './connect.ts';

/** What a cluster's control file says, read on its host: it speaks also when the server does not. */
export interface ControlData {
  /** Such as `in production`, `shutting down`, `shut down`. */
  readonly state: string;
  readonly checkpoint: string;
  readonly timeline: number;
  readonly identifier: string;
}

export async function controlData(name: string, context: StepContext): Promise<ControlData> {
  const host = context.host(name);
  const facts = memberOf(host, context.system);
  const data = facts.data[host.site];
  if (data === undefined)
    throw new StepError('no-data-directory', `The inventory gives ${context.system.name} no \`postgres.data\` at ${host.site}.`, 'mistake');
  const bin = facts.bin[host.site];
  const answer = await run(host, [bin === undefined ? 'pg_controldata' : `${bin}/pg_controldata`, '-D', data], {
    deadline: 3_000,
    signal: context.signal,
  });
  const field = (label: string): string | undefined => new RegExp(`^${label}:\\s*(.+)$`, 'm').exec(answer.stdout)?.[1]?.trim();
  const state = field('Database cluster state');
  const checkpoint = field('Latest checkpoint location');
  const identifier = field('Database system identifier');
  const timeline = Number(field("Latest checkpoint's TimeLineID"));
  if (state && checkpoint && identifier && timeline > 0) return { state, checkpoint, timeline, identifier };
  throw new StepError(
    'control-data-unread',
    `The control data in ${data} on ${name} cannot be read: ${answer.stderr.trim().slice(0, 300) || `exit code ${answer.code}`}. May this user read the data directory there?`,
    'person',
  );
}
