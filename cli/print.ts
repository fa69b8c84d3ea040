import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Prints a line of the command's result. */
export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Prints a line about what goes on: progress, warnings. Kept apart from the result, so that a script can read that. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Prints the command's result for a script. */
export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Text in a colour on a terminal, plain elsewhere and where NO_COLOR is set. */
export function paint(style: Style, text: string, stream: { isTTY?: boolean } = process.stdout): string {
  return coloured(stream) ? styleText(style, text, { validateStream: false }) : text;
}

export function coloured(stream: { isTTY?: boolean } = process.stdout): boolean {
  return Boolean(stream.isTTY) && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/** Text from elsewhere (a title, a reason, an error) on one line and without what a terminal would obey. */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
}

/** Rows with their columns aligned; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return rows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '));
}
