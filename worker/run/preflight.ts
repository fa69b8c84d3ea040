import { setMaxListeners } from 'node:events';
import { permitted } from '../../activities/aws/permitted.ts';
import { StepError } from '../../activities/error.ts';
import type { StepType } from '../../activities/step.ts';
import type { PreflightAnswer, PreflightCall, RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { contextOf } from '../context.ts';
import type { Site } from '../site.ts';
import { limited } from '../../activities/limit.ts';

/** `run.preflight`: the preflights of up to 50 steps, side by side; each answers in time or is said not to have. */
export const preflight =
  (site: Site): RunActivities['run.preflight'] =>
  ({ calls, within }) =>
    attempt(({ signal, beat }) => {
      const until = limited(signal, within);
      // Each step listens, and what it waits for: none of them is a leak.
      setMaxListeners(0, until);
      return Promise.all(calls.map((call) => look(site, call, until, within, beat)));
    });

async function look(
  site: Site,
  call: PreflightCall,
  signal: AbortSignal,
  within: number,
  beat: (details: unknown) => void,
): Promise<PreflightAnswer> {
  const step = call.step.id;
  const type: StepType | undefined = site.types.find(({ name }) => name === call.uses);
  if (!type)
    return {
      step,
      ok: false,
      seen: [`the worker at ${site.site} has no step type ${call.uses}: bring it to the release of the others`],
      code: 'unknown-type',
    };
  try {
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener(
        'abort',
        () => reject(new StepError('preflight-late', `${call.uses} did not answer within ${within / 1000} s`, 'again')),
        { once: true },
      );
    });
    const context = contextOf(site, call, signal, beat);
    const seen = call.late ? permitted(type, call.with, context) : type.preflight(call.with, context);
    return { step, ok: true, seen: await Promise.race([seen, late]), code: '' };
  } catch (error) {
    return {
      step,
      ok: false,
      seen: [error instanceof Error ? error.message : String(error)],
      code: error instanceof StepError ? error.code : 'error',
    };
  }
}
