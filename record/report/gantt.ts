import { busy } from '../phases.ts';
import type { RunRecord } from '../schema/run.ts';
import { clockTime, duration } from '../words.ts';
import { type Bar, type Row, rows } from './gantt-rows.ts';
import { html, type Html } from './html.ts';
import { type Scale, scale, ticks } from './scale.ts';

const width = 1000;
const label = 196;
const top = 50;
const pitch = 26;

/** The course of the run as a picture: what ran when, where people were waited for, and the critical path. */
export function gantt(record: RunRecord): Html {
  const list = rows(record);
  const times = list.flatMap(({ bars }) => bars.flatMap(({ from, to }) => [from, to]));
  const end = new Date(Math.max(Date.parse(record.startedAt) + record.duration, ...times)).toISOString();
  const whole = { from: Math.min(Date.parse(record.startedAt), ...times), to: Date.parse(end) };
  if (whole.to <= whole.from) return html``;
  const axis = scale(whole, busy(end, record.questions, record.steps, record.phases), label, width - label - 64);
  const height = top + list.length * pitch + 10;
  return html`<section>
    <h2>The course of the run</h2>
    <div class="wide">
      <svg class="gantt" viewBox="0 0 ${width} ${height}" role="img" aria-label="What ran when">
        <defs>
          <pattern id="wait" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect class="wait-ground" width="7" height="7" />
            <rect class="wait-line" width="2.5" height="7" />
          </pattern>
        </defs>
        ${list.map((_, index) => index % 2 === 0 && html`<rect class="stripe" x="0" y="${top + index * pitch}" width="${width}" height="${pitch}" />`)}
        ${grid(axis, record, height)} ${moments(axis, record, height)} ${path(axis, list)}
        ${list.map((row, index) => line(axis, row, top + index * pitch))}
      </svg>
    </div>
    <ul class="key">
      <li><i class="run critical"></i>on the critical path</li>
      <li><i class="run"></i>beside it</li>
      <li><i class="failed"></i>failed</li>
      <li><i class="wait"></i>people were asked</li>
      <li><i class="fold"></i>time folded: nothing ran</li>
    </ul>
  </section>`;
}

function line(axis: Scale, { name, bars, critical, took }: Row, y: number): Html {
  const end = Math.max(...bars.map(({ to }) => axis.at(to)));
  return html`<text class="row${critical ? ' critical' : ''}" x="8" y="${y + 17}">${short(name)}</text>
    ${bars.map((bar) => rect(axis, bar, critical, y))}
    <text class="took" x="${px(end + 7)}" y="${y + 17}">${duration(took)}</text>`;
}

function rect(axis: Scale, { from, to, look, text }: Bar, critical: boolean, y: number): Html {
  const x = axis.at(from);
  const breadth = Math.max(3, axis.at(to) - x);
  return html`<rect
    class="${look}${critical && look === 'run' ? ' critical' : ''}"
    x="${px(x)}"
    y="${y + 6}"
    width="${px(breadth)}"
    height="14"
    rx="2"
    ><title>${text}, ${clockTime(new Date(from).toISOString())} UTC, ${duration(to - from)}</title></rect
  >`;
}

/** Elbows from each step on the critical path to the next. */
function path(axis: Scale, list: readonly Row[]): Html[] {
  const critical = list.flatMap((row, index) =>
    row.critical ? [{ from: axis.at(row.span.from), to: axis.at(row.span.to), y: top + index * pitch + 13 }] : [],
  );
  return critical.slice(1).map((next, index) => {
    const before = critical[index] ?? next;
    return html`<path class="path" d="M${px(before.to)} ${before.y}H${px(Math.max(before.to, next.from))}V${next.y - 7}" />`;
  });
}

function grid(axis: Scale, { startedAt }: RunRecord, height: number): Html[] {
  const zero = Date.parse(startedAt);
  const folds = axis.stretches.filter(({ folded }) => folded);
  const occupied = folds.map(({ left, right }) => ({ from: left - 4, to: right + 4 }));
  let last = -Infinity;
  const marks = ticks(axis, zero, 76).flatMap((time) => {
    const x = axis.at(time);
    if (x - last < 44 || occupied.some(({ from, to }) => x > from - 18 && x < to + 18)) return [];
    last = x;
    return [
      html`<path class="tick" d="M${px(x)} ${top - 6}V${height - 8}" /><text class="axis" x="${px(x)}" y="${top - 11}"
          >${time === zero ? 'start' : `${time < zero ? '' : '+'}${duration(time - zero)}`}</text
        >`,
    ];
  });
  const folded = folds.map(
    ({ left, right, from, to }) =>
      html`<rect class="folded" x="${px(left)}" y="${top - 6}" width="${px(right - left)}" height="${height - top - 2}" /><text
          class="axis fold"
          x="${px((left + right) / 2)}"
          y="${top - 11}"
          >⟨ ${duration(to - from)} ⟩</text
        >`,
  );
  return [...folded, ...marks];
}

function moments(axis: Scale, { recovery }: RunRecord, height: number): Html[] {
  const list = [
    recovery.failedAt && { at: recovery.failedAt, look: 'failure', text: 'failure' },
    recovery.servedAt && recovery.failedAt && { at: recovery.servedAt, look: 'served', text: 'served again' },
  ].filter((one) => typeof one === 'object' && one !== null);
  return list.map(({ at, look, text }) => {
    const x = axis.at(Date.parse(at));
    const anchor = x > width - 120 ? 'end' : x < label + 40 ? 'start' : 'middle';
    return html`<path class="moment ${look}" d="M${px(x)} 20V${height - 8}" /><text
        class="moment ${look}"
        text-anchor="${anchor}"
        x="${px(x)}"
        y="14"
        >${text} ${clockTime(at).slice(0, 8)}</text
      >`;
  });
}

function short(name: string): string {
  return name.length > 26 ? `${name.slice(0, 25)}…` : name;
}
function px(value: number): string {
  return value.toFixed(1);
}
