import type { Age, Standing } from '../record/dashboard/standing.ts';
import { duration } from '../record/words.ts';
import { paint, plain, say, table } from './print.ts';

const heads = ['   system', 'served by', 'protected', 'ready', 'backup', 'rehearsal', 'exercise', 'looked at', 'findings', 'under way', ''];
const marks = { bad: '✗', mixed: '!', good: '✓' } as const;
const colours = { bad: 'red', mixed: 'yellow', good: 'green' } as const;

/**
 * All systems, a line each, the worst first. `room`: lines that the terminal has for them, and columns; where there are more, those
 * that are as they should be are only counted.
 */
export function showSystems(all: readonly Standing[], running: ReadonlyMap<string, string>, now: number, room: Room): void {
  say(paint('bold', headline(all)));
  if (all.length === 0) return;
  const shown = all.length <= room.lines ? all : all.filter(({ tone }, place) => tone !== 'good' || place < room.lines - 1);
  const [head, ...lines] = table([heads, ...shown.map((one) => cells(one, running, now))]);
  say(paint('dim', cut(head!, room)));
  shown.forEach(({ tone }, place) => {
    const line = cut(lines[place]!, room);
    say(tone === 'good' ? line.replace(marks.good, paint('green', marks.good)) : paint(colours[tone], line));
  });
  if (shown.length < all.length)
    say(paint('dim', `   … and ${all.length - shown.length} more that are as promised: lifeboat status --all`));
}

export interface Room {
  readonly lines: number;
  readonly columns: number;
}

/** What a terminal has room for, with so many lines below. Elsewhere nothing is cut. */
export function roomOf({ isTTY, rows, columns }: { isTTY?: boolean; rows?: number; columns?: number }, below: number): Room {
  if (!isTTY || rows === undefined || columns === undefined) return { lines: Infinity, columns: Infinity };
  return { lines: Math.max(5, rows - below), columns };
}

function headline(all: readonly Standing[]): string {
  if (all.length === 0) return 'Systems: none yet; a system is known from its first run on';
  const count = (tone: Standing['tone']): number => all.filter((one) => one.tone === tone).length;
  const [bad, mixed] = [count('bad'), count('mixed')];
  const words = [
    bad === 0 ? '' : paint('red', `${bad} could not be relied upon`),
    mixed === 0 ? '' : paint('yellow', `${mixed} need${mixed === 1 ? 's' : ''} a look`),
    bad + mixed === all.length ? '' : paint('green', `${all.length - bad - mixed} as promised`),
  ];
  return `${all.length} ${all.length === 1 ? 'system' : 'systems'}: ${words.filter((word) => word !== '').join(', ')}`;
}

function cells({ system, summary, tone, ages, worries }: Standing, running: ReadonlyMap<string, string>, now: number): string[] {
  const name = ` ${marks[tone]} ${plain(system)}`;
  const why = worries.length === 0 ? '' : `${plain(worries[0]!.text)}${worries.length === 1 ? '' : ` (and ${worries.length - 1} more)`}`;
  if (summary === null) return [name, ...Array.from({ length: heads.length - 2 }, () => ''), why];
  const { active, unprotectedSince, ready, findings, holder } = summary;
  return [
    name,
    active ?? '?',
    unprotectedSince === null ? 'yes' : `no, ${brief(now - Date.parse(unprotectedSince))}`,
    ready === null ? '' : ready ? 'yes' : 'no',
    ...ages.map(ageWords),
    [findings.must > 0 ? `${findings.must} must` : '', findings.open > 0 ? `${findings.open} open` : ''].filter(Boolean).join(', '),
    running.get(system) ?? holder ?? '',
    why,
  ];
}

/** `3 d of 35 d`, `never of 2 d !`. */
function ageWords({ age, promised, late }: Age): string {
  if (age === null && promised === null) return '';
  return `${age === null ? 'never' : brief(age)}${promised === null ? '' : ` of ${brief(promised)}`}${late ? ' !' : ''}`;
}

/** In its largest unit alone. */
const brief = (milliseconds: number): string => duration(milliseconds).split(' ').slice(0, 2).join(' ');

function cut(line: string, { columns }: Room): string {
  const text = line.trimEnd();
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}
