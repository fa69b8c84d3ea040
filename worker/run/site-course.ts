import { StepError } from '../../activities/error.ts';
import type { Direction } from '../../plan/scope.ts';
import type { Course } from './whole.ts';

/** Where a run of a whole site goes, from where each system does and why that is not known of others. Throws a StepError `nothing-there`. */
export function courseOf(
  site: string,
  kind: string,
  directions: ReadonlyMap<string, Direction>,
  unknown: ReadonlyMap<string, string>,
): { readonly course: Course; readonly evidence: readonly string[] } {
  const back = kind === 'failback';
  const ordered = new Map([...directions].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const concerned = [...ordered.values()].filter(({ source, target }) => (back ? target : source) === site);
  const [first] = concerned;
  if (first === undefined) {
    const doubt = unknown.size > 0 ? `; of ${[...unknown.keys()].slice(0, 5).join(', ')} it is not known` : '';
    throw new StepError(
      'nothing-there',
      `no system is known to ${back ? 'be able to return to' : 'be served from'} ${site}${doubt}`,
      'person',
    );
  }
  const evidence = [
    `${concerned.length} of ${directions.size + unknown.size} systems are concerned.`,
    ...[...unknown].slice(0, 20).map(([name, why]) => `Of ${name} it is not known where it is served: ${why}`),
  ];
  const way = back ? { source: first.source, target: site } : { source: site, target: first.target };
  return { course: { ...way, directions: ordered, unknown }, evidence };
}
