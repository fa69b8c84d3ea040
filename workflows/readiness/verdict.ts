import { idOf } from '../system/findings.ts';
import type { Found, Look, Looked, Readiness, Shortfall } from '../wire.ts';

/** What a result may have of characters: it stands in a history, and in an answer to whoever waits. */
const room = 200_000;
/** Reasons that are told, and the longest of each, characters: they stand in the system's state. */
const most = { reasons: 20, characters: 500 } as const;

/** Ready where nothing keeps it from being so but what people have accepted. Pure. */
export function judged(system: string, looks: readonly Look[], accepted: readonly string[], at: string): Readiness {
  const all = together(looks);
  const known = new Set(accepted);
  const must = all.flatMap(({ subject, problems }) =>
    problems
      .filter(({ weight }) => weight === 'must')
      .map((one) => ({ text: one.text, accepted: known.has(idOf('readiness', { ...one, subject })) })),
  );
  const because = [...new Set(must.flatMap((one) => (one.accepted ? [] : [one.text])))];
  const weight = ({ problems }: Look): number => (problems.some((one) => one.weight === 'must') ? 0 : problems.length > 0 ? 1 : 2);
  return {
    system,
    ready: because.length === 0,
    because,
    accepted: must.flatMap((one) => (one.accepted ? [one.text] : [])),
    at,
    looks: all.toSorted((one, other) => weight(one) - weight(other)),
  };
}

/** What the workflow `system` is told. Pure. */
export function lookedOf({ ready, because, looks }: Readiness): Looked {
  const found = looks.flatMap(({ subject, problems }) =>
    problems.map((one): Found => ({ subject, ...one, text: one.text.slice(0, most.characters) })),
  );
  const reasons = because.slice(0, most.reasons).map((text) => text.slice(0, most.characters));
  // What did not answer was not tried: what is known of it stands.
  return { ready, because: reasons, found, tried: looks.flatMap(({ subject, answered }) => (answered ? [subject] : [])) };
}

/** As much of what was seen as fits, of what is wrong first. Pure. */
export function bounded(result: Readiness): Readiness {
  let left = room;
  const looks = result.looks.map((look) => {
    left -= JSON.stringify(look).length;
    return left >= 0 ? look : { ...look, seen: [] };
  });
  return { ...result, looks };
}

/** Several looks at one thing are one: what is wrong with it is one finding, whoever needs it. Pure. */
export function together(looks: readonly Look[]): readonly Look[] {
  const bySubject = new Map<string, Look>();
  for (const one of looks) {
    const before = bySubject.get(one.subject);
    bySubject.set(one.subject, before === undefined ? one : both(before, one));
  }
  return [...bySubject.values()];
}

function both(before: Look, one: Look): Look {
  const known = (problem: Shortfall): boolean =>
    before.problems.some(({ code, weight }) => code === problem.code && weight === problem.weight);
  return {
    ...one,
    answered: before.answered && one.answered,
    seen: [...new Set([...before.seen, ...one.seen])],
    problems: [...before.problems, ...one.problems.filter((problem) => !known(problem))],
  };
}
