import { StepError } from '../error.ts';
import { startsAtBoot } from '../host/boot.ts';
import { controlData } from '../postgres/control-data.ts';
import { runs } from '../postgres/directory.ts';
import { askMember } from '../postgres/member.ts';
import { seatOf } from '../postgres/seat.ts';
import { controllerOf } from '../power/controller.ts';
import { sight } from '../sight.ts';
import type { StepContext } from '../step.ts';

export interface Harmless {
  readonly harmless: 'standby' | 'down' | 'off';
  /** One sentence. */
  readonly text: string;
}

/**
 * Proves that a host cannot take writes on its own: PostgreSQL there is a standby, or is down and does not start at boot, or the
 * host is off and is known not to start it at boot. Only reads.
 * @throws StepError `still-primary`, `starts-at-boot`, `lift-unknown`.
 */
export async function cannotWrite(name: string, context: StepContext): Promise<Harmless> {
  const host = context.host(name);
  const [member, boot, look] = await Promise.all([
    askMember(host, context.system, context, 2_000).catch((error: Error) => error.message),
    startsAtBoot(name, context),
    sight(host, context.system, context.viewpoint),
  ]);
  if (typeof member !== 'string') {
    if (!member.recovering) throw primary(name, context);
    return { harmless: 'standby', text: `PostgreSQL on ${name} is a standby.` };
  }
  if (boot.latched === 'no') throw starts(name);
  if (boot.latched === 'yes') {
    const { state } = await controlData(name, context);
    // A server that runs and does not answer may be reached by others.
    if (state.startsWith('shut down'))
      return { harmless: 'down', text: `PostgreSQL on ${name} is down ("${state}") and does not start at boot.` };
    const seat = seatOf(name, context);
    if (!(await runs(seat, seat.data)))
      return { harmless: 'down', text: `PostgreSQL on ${name} does not run (it was cut short: "${state}") and does not start at boot.` };
    throw new StepError(
      'lift-unknown',
      `PostgreSQL on ${name} runs and does not answer (${member}), so it is not known whether it would take writes: stop it there, then retry.`,
      'person',
    );
  }
  return whileOff(name, look.alive, context);
}

/** The host cannot be asked: only where it is off, and the fence that stands knows that it does not start PostgreSQL at boot. */
async function whileOff(name: string, alive: boolean, context: StepContext): Promise<Harmless> {
  const host = context.host(name);
  const ways = `Cut its power (power.off) or go there and stop PostgreSQL, then retry.`;
  if (!host.power || alive)
    throw new StepError(
      'lift-unknown',
      `${name} cannot be asked whether PostgreSQL runs there${alive ? ', though it is up' : ''}, so it may still take writes and its fence stays. ${ways}`,
      'person',
    );
  const power = await controllerOf(host, context).state();
  if (power.state !== 'off')
    throw new StepError(
      'lift-unknown',
      `${name} cannot be asked whether PostgreSQL runs there, and its controller says that its power is ${power.word}: it may still take writes and its fence stays. ${ways}`,
      'person',
    );
  const fences = [...context.proofs, ...(await context.fences())];
  if (fences.some((fence) => fence.kind === 'fence' && fence.host === name && fence.latched === 'yes'))
    return { harmless: 'off', text: `The controller of ${name} says Off, and PostgreSQL does not start there at boot, as its fence knew.` };
  throw new StepError(
    'lift-unknown',
    `${name} is off, and nobody knows whether PostgreSQL starts there at boot: boot it from its console with the line still cut, disable the service, then retry.`,
    'person',
  );
}

function primary(name: string, context: StepContext): StepError {
  return new StepError(
    'still-primary',
    `PostgreSQL on ${name} is a primary: with its line open it would take writes beside ${context.target.site}. Rewind or rebuild it (postgres.rewind, postgres.rebuild) or stop it, then retry.`,
    'person',
  );
}

function starts(name: string): StepError {
  return new StepError(
    'starts-at-boot',
    `PostgreSQL on ${name} is not a standby and starts at boot: it would take writes as soon as it is reached. Disable the service there (\`systemctl disable …\`), then retry.`,
    'person',
  );
}
