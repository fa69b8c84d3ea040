import type { Fact } from '../record/journal.ts';
import type { Facts } from './wire.ts';
import type { Run } from './run.ts';

/** What makes one more person needed. */
export function doubtsAbout(run: Run, shown: Facts): Fact[] {
  if (run.pinned.whole !== undefined)
    return [
      { label: 'one more person is needed', value: 'what each system would lose is known to its own run, which asks where it is too much' },
    ];
  const doubts: Fact[] = [];
  const objective = run.pinned.objectives.recoveryPoint;
  if (shown.atRisk === null) doubts.push({ label: 'one more person is needed', value: 'how much would be lost is not known' });
  else if (objective !== undefined && shown.atRisk.bytes !== 0) {
    const { milliseconds } = shown.atRisk;
    if (milliseconds === null)
      doubts.push({
        label: 'one more person is needed',
        value: `whether the loss is within the objective of ${objective / 1000} s is not known`,
      });
    else if (milliseconds > objective)
      doubts.push({ label: 'one more person is needed', value: `the loss is beyond the objective of ${objective / 1000} s` });
  }
  const dead = shown.viewpoints.filter((viewpoint) => viewpoint.sees === 'dead').length;
  if (dead < 2)
    doubts.push({ label: 'one more person is needed', value: `only ${dead} viewpoint${dead === 1 ? '' : 's'} see the source dead` });
  if (serves(shown)) doubts.push({ label: 'the source still takes writes', value: 'a planned run loses nothing' });
  return doubts;
}

/** Whether what would be lost is known, and no more than the objective. */
export function bearable(run: Run, { atRisk }: Facts): boolean {
  const objective = run.pinned.objectives.recoveryPoint;
  if (atRisk === null) return false;
  return atRisk.bytes === 0 || objective === undefined || (atRisk.milliseconds !== null && atRisk.milliseconds <= objective);
}

export const serves = (shown: Facts): boolean =>
  shown.viewpoints.some((viewpoint) => viewpoint.name === 'probe' && viewpoint.sees === 'alive');

/** Why what was approved is no longer what is true: more is at risk, or it would now take more people. */
export function worsened(run: Run, before: Facts, after: Facts, limit: number): string | null {
  if (after.atRisk === null && before.atRisk !== null) return 'the data at risk is no longer known';
  if (after.atRisk !== null && after.atRisk.bytes === null && (before.atRisk?.bytes ?? null) !== null)
    return 'how many bytes are at risk is no longer known';
  const more = (after.atRisk?.bytes ?? 0) - (before.atRisk?.bytes ?? 0);
  if (after.atRisk !== null && more > limit) return `the data at risk has grown by ${more} bytes since it was asked`;
  if (run.mode !== 'unplanned' || doubtsAbout(run, before).length > 0) return null;
  return doubtsAbout(run, after)[0]?.value ?? null;
}
