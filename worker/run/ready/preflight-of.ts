import { permitted } from '../../../activities/aws/permitted.ts';
import { StepError } from '../../../activities/error.ts';
import { types } from '../../../activities/index.ts';
import { notUpYet } from '../../../workflows/earlier.ts';
import { lookContext, type Looking } from './look-context.ts';
import type { Planned } from './planned.ts';

export type Seen =
  { readonly ok: true; readonly lines: readonly string[] } | { readonly ok: false; readonly code: string; readonly text: string };

/**
 * The preflight of one step outside a run; of an input that is not wholly known before a run it is only asked whether AWS would let
 * the step be done. Only reads; never throws.
 */
export async function preflightOf(planned: Planned, looking: Looking): Promise<Seen> {
  const { node, action, before } = planned;
  const type = types.find(({ name }) => name === action.uses);
  if (type === undefined) return { ok: false, code: 'unknown-type', text: `This worker has no step type ${action.uses}.` };
  try {
    const context = lookContext(planned, looking);
    const isLate = /"\$(?:ref|text)"/u.test(JSON.stringify(action.with));
    return { ok: true, lines: await (isLate ? permitted(type, action.with, context) : type.preflight(action.with, context)) };
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof StepError)) return { ok: false, code: 'error', text: message };
    // What a step before this one switches on, or starts, does not answer yet.
    if (notUpYet.test(error.code) && planned.now && Object.keys(action.hosts).some((name) => before.changed.includes(name)))
      return { ok: true, lines: [`Not up before ${node.needs.join(', ')}: ${message}`] };
    return { ok: false, code: error.code, text: message };
  }
}
