import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';

/** An interruption. Times in milliseconds since 1970, of this clock. */
export interface Gap {
  readonly failedAt: number;
  readonly lastGoodAt: number | null;
  servedAt: number | null;
}
export interface Acknowledged {
  readonly id: string;
  readonly seq: number;
  readonly at: number;
}

/** How many acknowledged markers are kept at the least, and the fewest that a file is rotated at. */
export const kept = 50_000;

/**
 * What the probe saw of a system, kept on disk line by line: acknowledged markers (`a SEQ ID AT`), first missed ones
 * (`m AT LASTGOOD`), first good ones after them (`s AT`), and markers lost in an interruption (`l SEQ FAILEDAT`). Two files take turns, so it stays bounded.
 */
export class Log {
  /** Names this probe among the markers of others. */
  readonly probe: string;
  readonly #file: string;
  #acknowledged: Acknowledged[] = [];
  #gaps: Gap[] = [];
  /** Beginning of the interruption in which a marker was lost, by its number. */
  readonly #lost = new Map<number, number>();
  #lines = 0;

  constructor(folder: string, system: string) {
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, `${encodeURIComponent(system)}.log`);
    this.probe = identity(join(folder, 'identity'));
    for (const file of [`${this.#file}.1`, this.#file]) this.#load(file);
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  get lastSeq(): number {
    return this.#acknowledged.at(-1)?.seq ?? 0;
  }

  get lastGoodAt(): number | null {
    return this.#acknowledged.at(-1)?.at ?? null;
  }

  acknowledge(marker: Acknowledged): void {
    this.#acknowledged.push(marker);
    this.#write(`a ${marker.seq} ${marker.id} ${marker.at}`);
    if (this.#acknowledged.length > 2 * kept) this.#acknowledged = this.#acknowledged.slice(-kept);
  }

  missed(at: number): void {
    // One that was acknowledged and then not found again is itself the first missed.
    const lastGoodAt = this.#acknowledged.findLast((marker) => marker.at < at)?.at ?? null;
    const gap = { failedAt: at, lastGoodAt, servedAt: null };
    this.#gaps = [...this.#gaps, gap].slice(-1000);
    this.#write(`m ${at} ${gap.lastGoodAt ?? ''}`);
  }

  served(at: number): void {
    const gap = this.#gaps.at(-1);
    if (gap) gap.servedAt = at;
    this.#write(`s ${at}`);
  }

  /** Remembers markers that were found lost once an interruption was over: a later one has not lost them again. */
  lose(markers: readonly Acknowledged[], { failedAt }: Gap): void {
    for (const { seq } of markers) {
      if (this.#lost.has(seq)) continue;
      this.#lost.set(seq, failedAt);
      this.#write(`l ${seq} ${failedAt}`);
    }
    const first = this.#acknowledged[0]?.seq ?? 0;
    for (const seq of this.#lost.keys()) if (seq < first) this.#lost.delete(seq);
  }

  /** Whether a marker was lost in an interruption that began before this time. */
  lostBefore({ seq }: Acknowledged, at: number): boolean {
    return (this.#lost.get(seq) ?? Infinity) < at;
  }

  /** Acknowledged at or after this time, oldest first. */
  since(at: number): readonly Acknowledged[] {
    let first = this.#acknowledged.length;
    while (first > 0 && this.#acknowledged[first - 1]!.at >= at) first -= 1;
    return this.#acknowledged.slice(first);
  }

  /**
   * The newest that are acknowledged up to a number, `most` of them at most, oldest first: those since the last interruption
   * before them, for what came earlier may have been lost in it, and was counted then.
   */
  upTo(seq: number, most: number): readonly Acknowledged[] {
    const end = this.#acknowledged.findLastIndex((marker) => marker.seq <= seq) + 1;
    const since = this.#servedSince(this.#acknowledged[end - 1]?.at ?? 0);
    return this.#acknowledged.slice(Math.max(0, end - most), end).filter(({ at }) => at >= since);
  }

  /** Number of the newest that was acknowledged before this time and since the last interruption before it, or null. */
  newestBefore(at: number): number | null {
    const since = this.#servedSince(at);
    return this.#acknowledged.findLast((marker) => marker.at < at && marker.at >= since)?.seq ?? null;
  }

  #servedSince(at: number): number {
    return this.#gaps.findLast(({ servedAt }) => servedAt !== null && servedAt <= at)?.servedAt ?? 0;
  }

  #write(line: string): void {
    appendFileSync(this.#file, `${line}\n`);
    this.#lines += 1;
    if (this.#lines <= kept) return;
    renameSync(this.#file, `${this.#file}.1`);
    this.#lines = 0;
  }

  #load(file: string): void {
    if (!existsSync(file)) return;
    const text = readFileSync(file, 'utf8');
    // A line without its end was cut short by a crash; it must not become the beginning of the next.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole !== text) writeFileSync(file, whole);
    const lines = whole.split('\n').slice(0, -1);
    this.#lines = lines.length;
    for (const line of lines) {
      const [what, first, second, third] = line.split(' ');
      if (what === 'a') this.#acknowledged.push({ seq: Number(first), id: second!, at: Number(third) });
      if (what === 'm') this.#gaps.push({ failedAt: Number(first), lastGoodAt: second ? Number(second) : null, servedAt: null });
      if (what === 'l') this.#lost.set(Number(first), Number(second));
      if (what === 's' && this.#gaps.length > 0) this.#gaps.at(-1)!.servedAt = Number(first);
    }
  }
}

function identity(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomUUID());
  return readFileSync(file, 'utf8').trim();
}
