import type { Outage } from '../record/journal.ts';
import type { Acknowledged, Gap } from './log.ts';
import type { Prober } from './prober.ts';

/**
 * The first interruption at or after `since` (milliseconds since 1970), one under way then included, with the markers
 * acknowledged around it against those found in the database that serves now. Throws while none serves.
 */
export async function outage(prober: Prober, since: number): Promise<Outage> {
  const gap = prober.log.gaps.find(({ servedAt }) => servedAt === null || servedAt > since);
  return {
    failedAt: iso(gap?.failedAt),
    lastGoodAt: iso(gap ? gap.lastGoodAt : prober.log.lastGoodAt),
    servedAt: iso(gap?.servedAt),
    every: prober.target.every,
    markers: await compare(prober, Math.min(since, gap?.failedAt ?? since), gap?.failedAt ?? Infinity),
    clockOffset: prober.clockOffset,
  };
}

export function current(prober: Prober): Gap | null {
  const gap = prober.log.gaps.at(-1);
  return gap && gap.servedAt === null ? gap : null;
}

export const iso = (at: number | null | undefined): string | null => (at === null || at === undefined ? null : new Date(at).toISOString());

/** Looks back further for as long as the older half of what it looked at holds losses: a standby may have been behind for hours. */
async function compare(prober: Prober, begin: number, failedAt: number): Promise<Outage['markers']> {
  for (let margin = 60_000; ; margin *= 4) {
    const { resolved } = prober;
    const looked = prober.log.since(begin - margin).filter(({ seq }) => seq <= resolved);
    const found = await stored(prober, looked[0]?.seq ?? resolved, resolved);
    // What an interruption before this one has lost was counted then.
    const acknowledged = looked.filter((marker) => !prober.log.lostBefore(marker, failedAt));
    const lost = acknowledged.filter(({ id }) => !found.has(id));
    const all = looked.length === prober.log.since(0).filter(({ seq }) => seq <= resolved).length;
    if (!all && lost.some(({ at }) => at < begin - margin / 2)) continue;
    return counted(acknowledged, lost, found.size);
  }
}

/** Once an interruption is over: remembers what it has lost. Throws while nobody serves. */
export async function account(prober: Prober, gap: Gap): Promise<void> {
  const { resolved } = prober;
  const acknowledged = prober.log.since(0).filter(({ seq }) => seq <= resolved);
  const found = await stored(prober, acknowledged[0]?.seq ?? resolved, resolved);
  prober.log.lose(
    acknowledged.filter(({ id }) => !found.has(id)),
    gap,
  );
}

function counted(acknowledged: readonly Acknowledged[], lost: readonly Acknowledged[], found: number): Outage['markers'] {
  const kept = acknowledged.length - lost.length;
  return {
    acknowledged: acknowledged.length,
    kept,
    lost: lost.slice(0, 1000).map(({ at }) => new Date(at).toISOString()),
    lostCount: lost.length,
    unexpected: found - kept,
  };
}

async function stored(prober: Prober, first: number, last: number): Promise<Set<string>> {
  const text = 'select id::text as id from lifeboat_markers where probe = $1 and seq between $2 and $3';
  const rows = await prober.reader.query<{ id: string }>(text, [prober.log.probe, first, last], 5000);
  return new Set(rows.map(({ id }) => id));
}
