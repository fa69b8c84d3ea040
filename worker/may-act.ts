import { StepError } from '../activities/error.ts';
import type { StepType } from '../activities/step.ts';
import type { StepCall } from '../workflows/wire.ts';

/**
 * The last fence between a rehearsal and production, at the worker: it acts on copies alone, by what is made for rehearsals, and a live
 * run never does by that. What has no host (at AWS) isolates itself, and its role is denied what bears no tag of a rehearsal.
 */
export function mayAct(type: StepType, { run, hosts, with: input }: StepCall, phase: 'execute' | 'rehearse' | 'undo' | 'sweep'): void {
  if (run.live) {
    if (phase === 'rehearse' || phase === 'sweep') throw new StepError('rehearsal-only', 'A live run does not rehearse.', 'mistake');
    return;
  }
  if (phase === 'execute' || phase === 'undo')
    throw new StepError('live-only', `A rehearsal does not carry out ${type.name} itself.`, 'mistake');
  if (type.effect === 'read' || type.proves) return;
  const real = Object.values(hosts).find(({ name, copyOf }) => copyOf === undefined && isNamed(input, name));
  if (real === undefined) return;
  throw new StepError('not-a-copy', `${real.name} is no copy: a rehearsal changes nothing there. Nothing was done.`, 'mistake');
}

function isNamed(value: unknown, name: string): boolean {
  if (typeof value === 'string') return value === name;
  return typeof value === 'object' && value !== null && Object.values(value).some((inner) => isNamed(inner, name));
}
