import { drive } from './drive.ts';
import type { RunInput, RunResult } from './wire.ts';

/** The same runbook as a live run's, against copies; it cleans up after itself. The name is a name on the wire. */
export const rehearsal = (input: RunInput): Promise<RunResult> => drive('rehearsal', input);
