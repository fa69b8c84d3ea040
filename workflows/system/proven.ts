import type { Backup } from '../../activities/step.ts';
import type { Provable, SystemState } from '../wire.ts';
import type { ReturnRequest } from './requests.ts';

type Proven = NonNullable<SystemState['proven']>;

/**
 * What was last proven of each kind, once a run has ended. Pure.
 * @param known all backups that are known, those of the run among them
 */
export function provenAfter(state: Pick<SystemState, 'proven'>, request: ReturnRequest, known: readonly Backup[], at: string): Proven {
  const news = proved(request, known, at);
  const before = state.proven ?? {};
  const newer = Object.entries(news).filter(
    ([what, { at: time }]) => Date.parse(before[what as Provable]?.at ?? '1970-01-01') < Date.parse(time),
  );
  return { ...before, ...Object.fromEntries(newer) };
}

function proved(request: ReturnRequest, known: readonly Backup[], at: string): Proven {
  const { workflowId: run, backups = [], saves, rehearsed, looked, walked, verdict } = request;
  const owed = saves === undefined ? known : known.filter(({ holds }) => saves.includes(holds));
  const sound = backups.some(({ backups: all }) => all.some(({ provenAt }) => provenAt !== null)) ? wholeBackup(owed) : null;
  // What only production itself proves (fence, traffic, load) is proved by moving it on purpose.
  const exercised = walked?.mode === 'planned' && verdict.startsWith('recovered');
  return {
    ...(sound === null ? {} : { backup: { at: sound.provenAt, run, note: sound.label } }),
    ...(rehearsed?.passed ? { rehearsal: { at, run, note: rehearsed.runbook } } : {}),
    ...(exercised ? { exercise: { at, run, note: walked.runbook } } : {}),
    ...(looked === undefined ? {} : { readiness: { at, run, note: looked.ready ? 'ready' : 'not ready' } }),
  };
}

/** Of everything that is saved now, the last proven backup of what was proven longest ago: files alone do not make a database whole. */
function wholeBackup(known: readonly Backup[]): { readonly provenAt: string; readonly label: string } | null {
  const last = [...new Set(known.map(({ holds }) => holds))].map((what) =>
    known
      .flatMap(({ holds, provenAt, label }) => (holds === what && provenAt !== null ? [{ provenAt, label }] : []))
      .toSorted((one, other) => other.provenAt.localeCompare(one.provenAt))
      .at(0),
  );
  if (last.includes(undefined)) return null;
  return last.map((one) => one!).toSorted((one, other) => one.provenAt.localeCompare(other.provenAt))[0] ?? null;
}
