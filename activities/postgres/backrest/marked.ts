import { z } from 'zod';
import { StepError } from '../../error.ts';
import { request } from '../../http/request.ts';
import type { StepContext } from '../../step.ts';
import type { Query } from '../connect.ts';
import { markers } from './counts.ts';

/** The markers that the probe has acknowledged to itself: the newest up to a number, and the newest from before a time. */
const answer = z.object({
  probe: z.string(),
  newestBefore: z.number().nullable(),
  markers: z.array(z.tuple([z.number(), z.uuid()])),
});

/**
 * Holds the probe's markers in a restored database against those that the probe knows as acknowledged: none may be missing
 * up to the newest that was restored, and that one is no older than `since` (ISO), when the backup began.
 * Undefined where no probe watches the system.
 */
export async function markersThere(query: Query, since: string, context: StepContext): Promise<string | undefined> {
  const base = context.system.probe?.url;
  if (base === undefined) return undefined;
  const [table] = await query<{ there: boolean }>(`select to_regclass('${markers}') is not null as there`);
  const restored = table?.there
    ? await query<{ probe: string; newest: number }>(`select probe, max(seq)::float8 as newest from ${markers} group by probe`)
    : [];
  const mine = await askProbe(base, restored, since, context);
  const newest = restored.find(({ probe }) => probe === mine.probe)?.newest ?? null;
  if (mine.newestBefore !== null && (newest === null || newest < mine.newestBefore))
    throw lost(`the newest restored is number ${newest ?? '(none)'}, and number ${mine.newestBefore} was acknowledged before ${since}`);
  if (mine.markers.length === 0) return undefined;
  const values = mine.markers.map(([, id]) => `('${id}'::uuid)`).join(',');
  const [row] = await query<{ missing: number }>(
    `select count(*)::int as missing from (values ${values}) as known(id) where not exists (select from ${markers} m where m.id = known.id)`,
    [],
    60_000,
  );
  if (row?.missing !== 0) throw lost(`${row?.missing} of the last ${mine.markers.length} are missing`);
  return `All ${mine.markers.length} markers that the probe knows up to number ${newest} are there.`;
}

async function askProbe(base: string, restored: readonly { probe: string; newest: number }[], since: string, context: StepContext) {
  const newest = Object.fromEntries(restored.map(({ probe, newest }) => [probe, newest]));
  const read = async (to: number) => {
    const url = `${base.replace(/\/+$/, '')}/systems/${encodeURIComponent(context.system.name)}/markers?to=${to}&before=${encodeURIComponent(since)}`;
    const { status, body } = await request(url, { method: 'GET' }, 5_000, context.signal);
    if (status !== 200) throw new Error(`it answers ${status}`);
    return answer.parse(JSON.parse(body));
  };
  try {
    const first = await read(0);
    const to = newest[first.probe];
    return to === undefined ? first : await read(to);
  } catch (error) {
    throw new StepError(
      'probe-silent',
      `The probe at ${base} does not tell its markers: ${(error as Error).message}. A backup is compared with them before it counts as proven.`,
      'later',
      10_000,
    );
  }
}

function lost(what: string): StepError {
  return new StepError(
    'markers-lost',
    `Of the markers that the probe had acknowledged, ${what}: the backup does not hold all that was promised.`,
    'person',
  );
}
