import { paint } from './print.ts';

export type Style = NonNullable<Parameters<typeof paint>[0]> | null;
/** One line of a picture, in parts that have a style each. */
export type Line = readonly (readonly [Style, string])[];

/** The line as text, cut to `width` characters where one is given. */
export function compose(line: Line, width = Infinity): string {
  let room = width;
  const parts: string[] = [];
  for (const [style, text] of line) {
    const shown = text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}${room > 0 ? '…' : ''}`;
    room -= shown.length;
    parts.push(style === null || shown === '' ? shown : paint(style, shown));
  }
  return parts.join('').trimEnd();
}
