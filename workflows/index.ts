import type { RunInput, RunResult } from './wire.ts';
import { drive } from './drive.ts';

/** The names of these functions are names on the wire. */
export const backup = (input: RunInput): Promise<RunResult> => drive('backup', input);
export const failover = (input: RunInput): Promise<RunResult> => drive('failover', input);
export const failback = (input: RunInput): Promise<RunResult> => drive('failback', input);
export const restore = (input: RunInput): Promise<RunResult> => drive('restore', input);
export { notification } from './notification.ts';
export { readiness } from './readiness.ts';
export { rehearsal } from './rehearsal.ts';
export { sweep } from './sweep.ts';
export { system } from './system.ts';
