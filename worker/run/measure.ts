import { setTimeout as sleep } from 'node:timers/promises';
import type { Outage } from '../../record/journal.ts';
import type { RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';

/** How long a run waits to be seen to serve, milliseconds. */
const patience = 10_000;

/** `run.measure`: the interruption as the probe saw it from outside; absent without a probe, never computed from a promise. */
export const measure = (): RunActivities['run.measure'] => ({ system, since }) =>
  attempt(async ({ signal }) => {
    const url = system.probe?.url;
    if (!url) return { outage: null, note: `${system.name} is not probed: nothing was measured from outside` };
    const deadline = Date.now() + patience;
    for (;;) {
      const answer = await outage(url, system.name, since, signal);
      if (typeof answer === 'string') return { outage: null, note: answer };
      if (answer.failedAt === null || answer.servedAt !== null || Date.now() > deadline) return { outage: answer, note: said(answer) };
      await sleep(Math.min(50, answer.every), undefined, { signal });
    }
  });

async function outage(url: string, system: string, since: string, signal: AbortSignal): Promise<Outage | string> {
  try {
    const response = await fetch(`${url.replace(/\/$/u, '')}/systems/${encodeURIComponent(system)}/outage?since=${encodeURIComponent(since)}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
    });
    return response.ok ? ((await response.json()) as Outage) : `the probe answers ${response.status}: ${(await response.text()).slice(0, 200)}`;
  } catch (error) {
    return `the probe at ${url} does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function said({ failedAt, servedAt, markers }: Outage): string {
  if (failedAt === null) return 'no marker was missed';
  const back = servedAt === null ? `not served again since ${failedAt}` : `away from ${failedAt} to ${servedAt}`;
  return `${back}; ${markers.lostCount} of ${markers.acknowledged} acknowledged markers lost`;
}
