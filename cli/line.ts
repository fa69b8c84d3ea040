import { stripVTControlCharacters } from 'node:util';
import { paint } from './print.ts';

export type Style = NonNullable<Parameters<typeof paint>[0]> | null;
/** One line of a picture, in parts that have a style each. */
export type Line = readonly (readonly [Style, string])[];

/** The line as text, cut to `width` characters where one is given. */
export function compose(line: Line, width = Infinity): string {
  let room = width;
  const parts: string[] = [];
  for (const [style, text] of line) {
    const shown = cut(text, room);
    room -= shown.length;
    parts.push(style === null || shown === '' ? shown : paint(style, shown));
  }
  return parts.join('').trimEnd();
}

/** The text, or its beginning and an ellipsis where it has more than `width` characters. */
export const cut = (text: string, width: number): string => (text.length <= width ? text : width < 1 ? '' : `${text.slice(0, width - 1)}…`);

/** How many rows a line takes on a terminal that wraps. */
export const rows = (line: string, width: number): number => Math.max(1, Math.ceil(stripVTControlCharacters(line).length / width));
