import type { StepContext } from '../step.ts';
import { serviceRights } from './rights.ts';
import { run } from './run.ts';

export interface Boot {
  /** Whether the host stays out when its power comes back. */
  readonly latched: 'yes' | 'no' | 'unknown';
  /** One sentence. */
  readonly text: string;
}

/** Asks a host whether its database starts at boot. Never throws: a host that cannot be asked is `unknown`, with the reason. */
export async function startsAtBoot(name: string, context: StepContext): Promise<Boot> {
  const host = context.host(name);
  const service = context.system.postgres?.service[host.site];
  if (context.system.postgres?.members[host.site] !== name || !service) {
    return {
      latched: 'unknown',
      text: `The inventory gives no service of ${context.system.name} on ${name}, so it is not known whether it starts at boot.`,
    };
  }
  try {
    const answer = await run(host, service.enabled, {
      deadline: 3_000,
      signal: context.signal,
      viewpoint: context.viewpoint,
      ...serviceRights(host, service.enabled),
    });
    const word = answer.stdout.trim().split(/\s/, 1)[0] ?? '';
    if (/^(disabled|masked|masked-runtime)$/.test(word))
      return { latched: 'yes', text: `PostgreSQL on ${name} does not start at boot (${word}).` };
    if (/^(enabled|enabled-runtime)$/.test(word)) return { latched: 'no', text: `PostgreSQL on ${name} starts at boot (${word}).` };
    return {
      latched: 'unknown',
      text: `${name} does not say whether PostgreSQL starts at boot: "${word.slice(0, 40)}", exit code ${answer.code}.`,
    };
  } catch (error) {
    return { latched: 'unknown', text: `${name} could not be asked whether PostgreSQL starts at boot: ${(error as Error).message}` };
  }
}
