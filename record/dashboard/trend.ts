import type { Summary } from '../../workflows/wire.ts';
import { html, type Html } from '../report/html.ts';
import { duration } from '../words.ts';

const [width, height, margin] = [180, 40, 5];

interface Point {
  readonly at: string;
  readonly live: boolean;
  readonly good: boolean;
  /** Milliseconds. */
  readonly value: number;
}

/** Recovery time and recovery point of the last runs and rehearsals, each as a small line; nothing where none was measured. */
export function trends({ trend, system }: Summary): Html {
  const times = trend.map(({ time, ...rest }) => ({ ...rest, value: time }));
  const losses = trend.flatMap(({ point, ...rest }) => (point === undefined ? [] : [{ ...rest, value: point }]));
  if (times.length === 0) return html`<span class="none">none was measured</span>`;
  return html`${line(times, 'recovery time', ['slower', 'faster'], system)}${losses.length === 0 ? null : line(losses, 'data lost', ['more', 'less'], system)}`;
}

/** Oldest on the left. Live runs are filled dots, rehearsals rings, what failed is red. */
function line(points: readonly Point[], what: string, words: readonly [more: string, less: string], system: string): Html {
  const most = Math.max(...points.map(({ value }) => value));
  const x = (index: number): string =>
    (points.length === 1 ? width / 2 : margin + (index * (width - 2 * margin)) / (points.length - 1)).toFixed(1);
  const y = (value: number): string => (height - margin - (most === 0 ? 0 : (value / most) * (height - 2 * margin))).toFixed(1);
  const marks = points.map(({ at, live, value, good }, index) => {
    const text = `${at.slice(0, 10)}: ${duration(value)}, ${live ? 'live' : 'rehearsal'}${good ? '' : ', failed'}`;
    return html`<circle class="${good ? (live ? 'live' : 'tried') : 'failed'}" cx="${x(index)}" cy="${y(value)}" r="3"
      ><title>${text}</title></circle
    >`;
  });
  const last = points.at(-1)!.value;
  return html`<figure class="trend">
    <figcaption>${what} <b>${last === 0 && what === 'data lost' ? 'none' : duration(last)}</b>${change(points, ...words)}</figcaption>
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${what} of ${system}, ${points.length} runs">
      <polyline points="${points.map(({ value }, index) => `${x(index)},${y(value)}`).join(' ')}" />
      ${marks}
    </svg>
  </figure>`;
}

/** How the last one stands to the median of those of its kind before it. */
function change(points: readonly Point[], more: string, less: string): string {
  const last = points.at(-1)!;
  // One that failed ended early, or late: it is no measure.
  if (!last.good) return ', failed';
  const before = points
    .slice(0, -1)
    .filter(({ live, good }) => live === last.live && good)
    .map(({ value }) => value)
    .toSorted((one, other) => one - other);
  const usual = before[Math.floor(before.length / 2)];
  if (usual === undefined || usual === 0) return '';
  const percent = Math.round((100 * (last.value - usual)) / usual);
  return Math.abs(percent) < 15 ? ', as usual' : percent > 0 ? `, ${percent} % ${more}` : `, ${-percent} % ${less}`;
}
