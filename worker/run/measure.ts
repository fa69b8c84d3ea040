import { setTimeout as sleep } from 'node:timers/promises';
import type { Outage } from '../../record/journal.ts';
import type { Measured, RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { limited } from '../../activities/limit.ts';

/** How long a run waits to be seen to serve, milliseconds. */
const patience = 10_000;

/** `run.measure`: the interruption as the probe saw it from outside; absent without a probe, never computed from a promise. */
export const measure =
  (): RunActivities['run.measure'] =>
  ({ system, since }) =>
    attempt(async ({ signal }) => {
      const url = system.probe?.url;
      if (!url) return { outage: null, note: `${system.name} is not probed: nothing was measured from outside`, unserved: false };
      const deadline = Date.now() + patience;
      for (;;) {
        const answer = await outage(url, system.name, since, signal);
        const unserved = answer.outage === null ? answer.unserved : answer.outage.failedAt !== null && answer.outage.servedAt === null;
        if (!unserved || Date.now() > deadline) return { ...answer, unserved };
        await sleep(50, undefined, { signal });
      }
    });

async function outage(url: string, system: string, since: string, signal: AbortSignal): Promise<Measured> {
  try {
    const response = await fetch(
      `${url.replace(/\/$/u, '')}/systems/${encodeURIComponent(system)}/outage?since=${encodeURIComponent(since)}`,
      {
        signal: limited(signal, 5_000),
      },
    );
    if (response.ok) {
      const seen = (await response.json()) as Outage;
      return { outage: seen, note: said(seen), unserved: false };
    }
    // While nothing serves, what was lost cannot be known: the probe says so and is asked again.
    const text = (await response.text()).slice(0, 200);
    return { outage: null, note: `the probe answers ${response.status}: ${text}`, unserved: response.status === 503 };
  } catch (error) {
    return {
      outage: null,
      note: `the probe at ${url} does not answer: ${error instanceof Error ? error.message : String(error)}`,
      unserved: false,
    };
  }
}

function said({ failedAt, servedAt, markers }: Outage): string {
  if (failedAt === null) return 'no marker was missed';
  const back = servedAt === null ? `not served again since ${failedAt}` : `away from ${failedAt} to ${servedAt}`;
  return `${back}; ${markers.lostCount} of ${markers.acknowledged} acknowledged markers lost`;
}
