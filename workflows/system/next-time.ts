import type { SystemState } from '../wire.ts';
import { nextAlarm } from './alarms.ts';

/** When time alone will change something next, ISO; null: never, unless something happens. Pure. */
export function nextTime(state: SystemState): string | null {
  const { findings = [], rest } = state;
  const lapses = findings.flatMap(({ state: stands, word }) => (stands === 'accepted' && word?.until != null ? [word.until] : []));
  const times = [nextAlarm(state), rest?.until ?? null, ...lapses].filter((time) => time !== null);
  return times.toSorted()[0] ?? null;
}
