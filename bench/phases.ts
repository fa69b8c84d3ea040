import type { Entry } from '../record/journal.ts';

/** A stretch of a run, milliseconds. */
export interface Stretch {
  readonly name: string;
  readonly milliseconds: number;
}

/** What a run spent its time on, from what it wrote down itself: in order, gates named as such. */
export function phases(startedAt: string, journal: readonly Entry[], target: string): Stretch[] {
  const at = (found: Entry | undefined): number => {
    if (!found) throw new Error('the run did not get as far as this benchmark needs');
    return Date.parse(found.at);
  };
  const marks: [string, number][] = [
    ['start and requester', at(journal.find((entry) => entry.what === 'started'))],
    ['compile', at(journal.find((entry) => entry.what === 'compiled'))],
    ['preflight', at(journal.findLast((entry) => entry.what === 'preflight'))],
    ['lock', at(journal.find((entry) => entry.what === 'locked'))],
    ['steps before the gate', at(journal.find((entry) => entry.what === 'asked'))],
    ['(gate)', at(journal.find((entry) => entry.what === 'answered'))],
    ['facts looked at again', at(journal.find((entry) => entry.what === 'begun' && entry.step === 'fence'))],
    ['fence', at(journal.find((entry) => entry.what === 'done' && entry.step === 'fence'))],
    ['promote', at(journal.find((entry) => entry.what === 'serving' && entry.site === target))],
    ['rows, tell', at(journal.find((entry) => entry.what === 'done' && entry.step === 'tell'))],
    ['measure', at(journal.find((entry) => entry.what === 'measured'))],
  ];
  let since = Date.parse(startedAt);
  return marks.map(([name, time]) => {
    const stretch = { name, milliseconds: time - since };
    since = time;
    return stretch;
  });
}
