import { z } from 'zod';
import type { StepContext } from '../step.ts';

/** What lies in a directory of copies, and tells whose it is and until when. A directory without it is nobody's, and never touched. */
const marker = z.object({
  system: z.string(),
  /** Workflow id of the rehearsal, and when that was started, ISO: a later one may have the same name. */
  run: z.string(),
  startedAt: z.iso.datetime(),
  step: z.string(),
  /** Of that run and step. */
  key: z.string(),
  /** ISO time after which it may be taken away, whatever became of its run. */
  expires: z.iso.datetime(),
});
export type Marker = z.infer<typeof marker>;

/** MUST be in the directory before anything else is, and MUST be removed last. */
export const markerFile = 'lifeboat.json';

/** @param expires milliseconds from the start of the run. */
export function markerFor({ system, run, step, key }: StepContext, expires: number): Marker {
  return {
    system: system.name,
    run: run.workflowId,
    startedAt: run.startedAt,
    step: step.id,
    key,
    expires: new Date(Date.parse(run.startedAt) + expires).toISOString(),
  };
}

/** Undefined: it is none, or was not written to its end. */
export function readMarker(text: string): Marker | undefined {
  try {
    return marker.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
