import type { Look, ReadyAnswer, Way } from '../wire.ts';

/** Whether Temporal runs on the machine of a worker of a site that it is to recover. Where it does for all of them, there is one machine. Pure. */
export function temporalHere(answers: readonly ReadyAnswer[], ways: readonly Way[]): readonly Look[] {
  const recovered = new Set(ways.flatMap(({ source, target }) => [source, target]));
  const asked = answers.filter(({ site, folder }) => recovered.has(site) && folder !== null);
  const here = asked.filter((one) => one.temporalHere);
  if (here.length === 0) return [];
  const subject = 'Temporal';
  const one = here.length === asked.length && here.length > 1;
  const problem = one
    ? ({ code: 'one-machine', weight: 'should', text: 'Temporal and all sites are on one machine: that is for practice.' } as const)
    : ({
        code: 'temporal-inside',
        weight: 'must',
        text: `Temporal runs on the machine of the worker at ${here[0]!.site}. It would fall with what it is to recover: run it outside every site of this system.`,
      } as const);
  return [{ subject, answered: true, seen: [], problems: [problem] }];
}
