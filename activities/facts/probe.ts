import { z } from 'zod';
import type { SystemFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { request } from '../http/request.ts';

const time = z
  .string()
  .nullish()
  .transform((text) => text ?? null);
const shape = z.object({
  serving: time,
  lastGoodAt: time,
  firstMissedAt: time,
  flush: z.object({ lsn: z.string(), at: z.string(), host: z.string(), timeline: z.number().nullish() }).nullish(),
  /** Probe's clock minus the database server's, milliseconds. */
  clockOffset: z.number().nullish(),
  seen: z.record(z.string(), z.string()).default({}),
});

/** What the probe saw of a system, from outside. */
export type Probed = z.infer<typeof shape>;

/** Asks the probe, 2 s at the most. Text: why there is no answer. */
export async function askProbe(system: SystemFacts, ask: Pick<Asker, 'signal'>): Promise<Probed | string> {
  const base = system.probe?.url;
  if (base === undefined) return `No probe watches ${system.name}.`;
  try {
    const url = `${base.replace(/\/+$/, '')}/systems/${encodeURIComponent(system.name)}`;
    const answer = await request(url, { method: 'GET' }, 2_000, ask.signal ?? new AbortController().signal);
    if (answer.status !== 200) return `The probe answers ${answer.status} when it is asked for ${system.name}.`;
    const read = shape.safeParse(JSON.parse(answer.body));
    return read.success ? read.data : 'The probe gives an answer of another shape: is it of this release?';
  } catch (error) {
    return `The probe does not answer: ${(error as Error).message}`;
  }
}
