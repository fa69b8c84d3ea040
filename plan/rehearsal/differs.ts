import type { Draft } from '../draft.ts';
import type { Plan, RehearsalFacts } from '../plan.ts';
import { isLeftOut, type Decision } from './decide.ts';

/** How the plan of a rehearsal differs from the live one, in the order of its steps. */
export function differs(
  drafts: readonly Draft[],
  decisions: ReadonlyMap<string, Decision>,
  live: Plan,
  gates: RehearsalFacts['gates'],
): RehearsalFacts['differs'] {
  const known = new Set(live.steps.map(({ id }) => id));
  return drafts.flatMap(({ id, gate, ways }): RehearsalFacts['differs'][number][] => {
    const decision = decisions.get(id);
    const [first] = ways;
    if (gate !== undefined)
      return gates === 'asked'
        ? []
        : [{ step: id, how: 'stood in for', text: 'Nobody is asked; whether people would answer in time is not proven.' }];
    if (isLeftOut(decision)) return [{ step: id, how: 'left out', text: decision.none }];
    if (!known.has(id)) return [{ step: id, how: 'added', text: first?.type.summary ?? '' }];
    if (decision === 'proves')
      return first?.type.effect === 'read'
        ? []
        : [{ step: id, how: 'proved by reading', text: 'What it needs is read and nothing is changed.' }];
    const hosts = Object.values(first?.action.hosts ?? {}).flatMap(({ copyOf }) => copyOf ?? []);
    return [
      {
        step: id,
        how: 'on a copy',
        text: hosts.length > 0 ? `On a copy of ${hosts.join(', ')}.` : 'In isolation, under names and tags of its own.',
      },
    ];
  });
}
