import type { DecisionInput } from './wire.ts';
import type { Run } from './run.ts';

/** From the UI a decision may be nothing, or a bare text; from the command line an object. */
export function read(input: DecisionInput): { readonly by: string | null; readonly reason: string } {
  if (typeof input === 'string') return { by: null, reason: input };
  if (typeof input !== 'object' || input === null) return { by: null, reason: '' };
  return {
    by: typeof input.by === 'string' && input.by !== '' ? input.by : null,
    reason: typeof input.reason === 'string' ? input.reason : '',
  };
}

/** Counts the presses of a signal: the nth in the workflow is the nth in its history. */
export function pressed(run: Run, signal: string): number {
  const nth = (run.pressed.get(signal) ?? 0) + 1;
  run.pressed.set(signal, nth);
  return nth;
}
