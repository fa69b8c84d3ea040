import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { job } from '../host/job.ts';
import { asRoot } from '../host/rights.ts';
import { run } from '../host/run.ts';
import type { StepContext } from '../step.ts';
import { said } from '../tool/spawn.ts';

/** What a unit of systemd says of itself. */
export interface Unit {
  /** Every name that it has, aliases too. */
  readonly names: readonly string[];
  /** Such as `active`, `inactive`, `failed`, `activating`. */
  readonly state: string;
  /** Such as `running`, `exited`, `dead`. */
  readonly detail: string;
  /** Such as `enabled`, `disabled`, `static`. */
  readonly boot: string;
  /** Another one each time that it starts. */
  readonly invocation: string;
}

export const unitInput = z.object({
  host: hostName('The host on which the service runs, by its name in the inventory.'),
  unit: z
    .string()
    .max(255)
    .regex(/^[A-Za-z0-9_][A-Za-z0-9:_.\\@-]*$/, 'the name of a unit of systemd')
    .describe('The unit of systemd, such as `orders-app` or `orders-app.service`.'),
});
export const unitOutput = z.object({
  state: z.string().describe("The unit's state as systemd says, such as `active` or `inactive`."),
  boot: z.string().describe('Whether it starts at boot, as systemd says, such as `enabled`, `disabled` or `static`.'),
});
export type UnitInput = z.infer<typeof unitInput>;

/** What `systemctl start` and `systemctl stop` may take: services have 90 s by default. Milliseconds. */
const within = 10 * 60_000;
const asked = { deadline: 5_000 } as const;

/** Asks systemd on a host about a unit. Only reads. */
export async function readUnit({ host, unit }: UnitInput, context: StepContext): Promise<Unit> {
  const { signal, viewpoint } = context;
  const properties = 'LoadState,ActiveState,SubState,UnitFileState,InvocationID,Names';
  const answer = await run(context.host(host), ['systemctl', 'show', `--property=${properties}`, '--', unit], {
    ...asked,
    signal,
    viewpoint,
  });
  const values = new Map(answer.stdout.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const load = values.get('LoadState');
  if (answer.code !== 0 || !load)
    throw new StepError('no-systemd', `systemd on ${host} cannot be asked about ${unit}: ${said(answer)}`, 'person');
  if (load !== 'loaded') {
    const why = load === 'not-found' ? 'has no such unit' : `does not load it (${load})`;
    throw new StepError(
      'unit-missing',
      `${host} cannot run ${unit}: systemd there ${why}. Correct its name, or set it up on the host.`,
      'person',
    );
  }
  return {
    names: (values.get('Names') ?? unit).split(' '),
    state: values.get('ActiveState') ?? 'unknown',
    detail: values.get('SubState') ?? 'unknown',
    boot: values.get('UnitFileState') || 'static',
    invocation: values.get('InvocationID') ?? '',
  };
}

/** Tells systemd to start or stop a unit, as a job that a later attempt finds. What came of it is read back by `readUnit`. */
export async function order(act: 'start' | 'stop', { host, unit }: UnitInput, context: StepContext, name: string = act): Promise<void> {
  const argv = ['systemctl', act, '--', unit];
  await job(host, { name, argv, within, again: 'always', ...asRoot(context.host(host)) }, context);
}

/** Whether the one who logs in may give orders to systemd as root. Only reads. */
export async function mayOrder({ host }: UnitInput, context: StepContext): Promise<string> {
  const facts = context.host(host);
  if (asRoot(facts).as === undefined) return `Orders to systemd on ${host} are given as the user who runs them.`;
  const { signal, viewpoint } = context;
  const answer = await run(facts, ['sudo', '-n', '-l', '--', 'systemd-run'], { ...asked, signal, viewpoint });
  if (answer.code === 0) return `${facts.ssh?.user} on ${host} may call systemd-run as root.`;
  throw new StepError(
    'sudo-refused',
    `${facts.ssh?.user} on ${host} may not call systemd-run and systemctl as root (${said(answer)}): allow both in sudoers with NOPASSWD.`,
    'person',
  );
}
