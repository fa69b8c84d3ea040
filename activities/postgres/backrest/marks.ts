import { counts, type Counts } from './counts.ts';
import type { Saved } from './info.ts';

/** Names of the annotations that travel with a backup: what it was made for, and the rows that were counted around it. */
export const mark = { key: 'lifeboat-key', before: 'lifeboat-before', after: 'lifeboat-after' };
/** The rows that were counted around a backup; empty where it was not made by this type. */
export function countsOf({ annotation }: Saved): { readonly before: Counts; readonly after: Counts } {
  const read = (text: string | undefined): Counts => (text === undefined ? {} : counts.parse(JSON.parse(text)));
  return { before: read(annotation[mark.before]), after: read(annotation[mark.after]) };
}
