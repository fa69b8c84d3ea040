import { rows } from './line.ts';

/** A part of the terminal that is drawn over in place. */
export class Screen {
  #rows = 0;
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.write('\u001b[?25l');
  }

  size(): { width: number; height: number } {
    return { width: Math.max(20, this.#stream.columns ?? 80), height: Math.max(8, this.#stream.rows ?? 24) };
  }

  /** Draws over what stood here. One write, each line over its old self: nothing blinks. */
  draw(lines: readonly string[]): void {
    const { width, height } = this.size();
    const fitting = this.#fit(lines, width, height - 1);
    const up = this.#rows > 0 ? `\u001b[${Math.min(this.#rows, height - 1)}A\r` : '';
    this.#stream.write(`\u001b[?2026h${up}${fitting.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J\u001b[?2026l`);
    this.#rows = fitting.reduce((sum, line) => sum + rows(line, width), 0);
  }

  /** Leaves the last picture standing and gives the cursor back. */
  end(): void {
    this.#stream.write('\u001b[?25h');
  }

  /** What would have scrolled away cannot be drawn over: the last lines win. */
  #fit(lines: readonly string[], width: number, height: number): readonly string[] {
    let used = 0;
    let first = lines.length;
    while (first > 0 && used + rows(lines[first - 1] ?? '', width) <= height) used += rows(lines[--first] ?? '', width);
    return lines.slice(first);
  }
}
