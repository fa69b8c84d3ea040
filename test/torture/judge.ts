import type { RunResult } from '../../workflows/wire.ts';
import type { Crowd } from '../judge/crowd.ts';
import type { Acked } from '../judge/writer.ts';
import { lostAt } from '../judge/markers.ts';
import type { Cast } from './disturbances.ts';
import type { Theatre } from './theatre.ts';

/** What a series has cost so far: rows whose loss a run has reported, which no later round is to report again. */
export interface Account {
  readonly lost: Set<string>;
}

/** Holds a round to what must be true, by the ledgers of writers who owe the product nothing. One sentence for each violation. */
export async function judge(
  theatre: Theatre,
  crowd: Crowd,
  round: { readonly planned: boolean; readonly before: Cast; readonly end: RunResult; readonly since: number },
  account: Account,
): Promise<{ readonly violations: readonly string[]; readonly lost: number }> {
  const violations = [...twoPrimaries(crowd.acked)];
  const { source } = await theatre.cast();
  const moved = source.host !== round.before.source.host;
  const lost = (await crowd.lostOn(source.host)).filter(({ id }) => !account.lost.has(id));
  for (const { id } of lost) account.lost.add(id);
  if (lost.length > 0 && (round.planned || !moved))
    violations.push(
      `${lost.length} acknowledged rows are gone although the run was ${moved ? 'planned' : 'not carried through'}: ${lost[0]!.id} …`,
    );
  if (moved && round.end.verdict.startsWith('recovered')) {
    const record = await theatre.record(round.end);
    const told = record.point?.lost ?? null;
    const counted = await lostAt(theatre.world, source.host, round.since);
    if (told !== null && told !== counted)
      violations.push(`the report says ${told} markers were lost, and the probe's ledger says ${counted}`);
    if (round.planned && counted > 0) violations.push(`${counted} markers of the probe were lost in a planned run`);
  }
  // A run that was aborted may stand on either side of the promotion; who serves, it says.
  const { verdict } = round.end;
  if ((verdict.startsWith('recovered') && !moved) || (verdict === 'backed out' && moved))
    violations.push(`the run ended "${round.end.verdict}", and ${source.host} serves, which ${moved ? 'is' : 'is not'} the target`);
  return { violations, lost: lost.length };
}

/** Each promotion begins a timeline: a row on an older one that was acknowledged after a row on a newer one had two primaries. */
function twoPrimaries(acked: readonly Acked[]): string[] {
  const first = new Map<number, string>();
  const last = new Map<number, Acked>();
  for (const row of acked) {
    if (row.at < (first.get(row.timeline) ?? '9')) first.set(row.timeline, row.at);
    if (row.at > (last.get(row.timeline)?.at ?? '')) last.set(row.timeline, row);
  }
  return [...last].flatMap(([timeline, row]) =>
    [...first].flatMap(([newer, at]) =>
      newer > timeline && row.at > at
        ? [
            `two primaries: ${row.server} acknowledged ${row.id} on timeline ${timeline} at ${row.at}, and timeline ${newer} took writes from ${at}`,
          ]
        : [],
    ),
  );
}
