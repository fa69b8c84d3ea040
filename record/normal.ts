import type { RunRecord } from './schema/run.ts';
import type { Walked } from './steps.ts';

type Base = Pick<RunRecord, 'verdict' | 'serving' | 'system' | 'left'>;

/** How far operations are back to normal, as far as the run knows. */
export function normalOf({ verdict, serving, system, left: outlives }: Base, walked: readonly Walked[]): RunRecord['normal'] {
  const stands = outlives?.fences ?? walked.flatMap(({ outcome, proofs }) => (outcome === 'undone' ? [] : proofs));
  const fenced = [...new Set(stands.filter(({ kind }) => kind === 'fence').map(({ host }) => host))];
  const isProtected = verdict === 'recovered' ? true : verdict === 'recovered, unprotected' ? false : null;
  const left = [
    ...(serving.known && serving.site === null ? [`${system} is not served: recover it.`] : []),
    ...(isProtected === false ? ['Nothing replicates from what serves: let the other side follow it (reprotect).'] : []),
    ...(fenced.length === 0 || isProtected === true
      ? []
      : [`${fenced.join(', ')} stays cut off until it follows what serves, or people lift that.`]),
  ];
  return {
    serves: serving.site,
    protected: isProtected,
    fenced,
    text: left.join(' ') || (verdict === null ? 'The run is under way.' : 'Nothing is left to do that this run knows of.'),
  };
}
