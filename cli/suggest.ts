import { nearest } from '../plan/nearest.ts';

/** What to add to a message about a name that does not exist: ` Did you mean "x"?`, or nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const close = nearest(name, names);
  return close === undefined ? '' : ` Did you mean "${close}"?`;
}
