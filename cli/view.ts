import type { OpenQuestion, RunState, StepState, StepView } from '../workflows/wire.ts';
import { duration } from '../record/words.ts';
import { clock } from './clock.ts';
import { decisionCommand, type Hints } from './hints.ts';
import { compose, cut, rows, type Line, type Style } from './line.ts';
import { plain } from './print.ts';
import type { Snapshot } from './snapshot.ts';
import { ending, good } from './verdict.ts';

/** The picture of a run at one moment. `width` and `height` in characters; lines are cut and steps left out to fit. */
export function view(run: Snapshot, now: number, size: { width: number; height: number }, to: Hints): string[] {
  const head = heading(run, now).map((line) => compose(line));
  const after = [...problemLines(run), ...ending(run)];
  const foot = (facts: number): string[] => [...questions(run, now, to, facts), ...after].map((line) => compose(line));
  const roomy = foot(Infinity);
  const rowsOf = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + rows(line, size.width), 0);
  // Links and commands wrap, so that they can be copied whole; facts do where there is room.
  const below = rowsOf(head) + rowsOf(roomy) + fewest < size.height ? roomy : foot(size.width);
  const room = Math.max(fewest, size.height - rowsOf(head) - rowsOf(below) - 1);
  const steps = run.state ? stepLines(run.state.steps, now, room, to) : [];
  return [...head, ...steps.map((line) => compose(line, size.width)), ...below];
}

/** Lines that are kept for steps, however little room there is. */
const fewest = 4;

function problemLines(run: Snapshot): Line[] {
  return run.problem === null ? [] : [[], [['yellow', `! ${plain(run.problem)}`]]];
}

function heading(run: Snapshot, now: number): Line[] {
  const state = run.state;
  const words = state ? [state.mode, state.source && state.target && `${state.source} → ${state.target}`] : [];
  const title = [state ? `${run.type} of ${state.whole ?? state.system}` : run.workflowId, ...words.filter((word) => Boolean(word))].join(
    ' · ',
  );
  const end = run.closedAt === null ? now : Date.parse(run.closedAt);
  const spent = run.closedAt === null ? clock(end - Date.parse(run.startedAt)) : duration(end - Date.parse(run.startedAt));
  const says = state?.state ?? run.result?.verdict ?? run.status.toLowerCase();
  return [
    [
      ['bold', plain(title)],
      [null, `   ${says}   `],
      ['dim', spent],
    ],
    [['dim', run.link]],
    ...(state && state.whole === undefined && state.serving === null && run.closedAt === null && state.steps.length > 0
      ? [[['dim', `No site is known to serve ${plain(state.system)} now.`]] satisfies Line]
      : []),
    [],
  ];
}

/** At most `most` lines: around the first step that is not over. */
function stepLines(steps: readonly StepView[], now: number, most: number, to: Hints): Line[] {
  const over: readonly StepState[] = ['done', 'skipped', 'left out', 'undone'];
  const columns = [
    Math.max(0, ...steps.map((step) => step.id.length)),
    Math.min(48, Math.max(0, ...steps.map((step) => step.what.length))),
  ] as const;
  if (steps.length <= most) {
    const children = steps.map((step) => childLines(step, now, to));
    const fit = steps.length + children.flat().length <= most;
    return steps.flatMap((step, place) => [stepLine(step, now, columns), ...(fit ? children[place]! : [])]);
  }
  const active = steps.findIndex((step) => !over.includes(step.state));
  const shown = most - 2;
  const first = Math.max(0, Math.min((active < 0 ? steps.length : active) - 2, steps.length - shown));
  const rest = steps.length - first - shown;
  const more = (count: number, where: string): Line[] => (count > 0 ? [[['dim', `  … ${count} ${where}`]]] : []);
  return [
    ...more(first, 'before'),
    ...steps.slice(first, first + shown).map((step) => stepLine(step, now, columns)),
    ...more(rest, 'more'),
  ];
}

const marks: { readonly [state in StepState]: readonly [Style, string] } = {
  waiting: ['dim', '·'],
  running: ['cyan', '▸'],
  asking: ['yellow', '?'],
  done: ['green', '✓'],
  failed: ['red', '✗'],
  skipped: ['yellow', '↷'],
  'left out': ['dim', '-'],
  undone: ['yellow', '↶'],
};

function stepLine(step: StepView, now: number, [ids, whats]: readonly [number, number]): Line {
  const [style, mark] = marks[step.state];
  const quiet = step.state === 'waiting' || step.state === 'left out' ? 'dim' : null;
  const about = [
    step.state === 'done' || step.state === 'waiting' ? '' : step.state,
    step.attempt > 1 ? `attempt ${step.attempt}` : '',
    plain(step.note),
  ];
  return [
    [style, `  ${mark} `],
    [quiet, `${plain(step.id).padEnd(ids)}  `],
    ['dim', `${plain(step.what).slice(0, whats).padEnd(whats)}  `],
    [quiet, spent(step, now).padStart(9)],
    [quiet ?? style, `  ${about.filter((word) => word !== '').join(', ')}`],
  ];
}

/** Of the runs that a step has started: those under way and those that did not end well, and how each is followed. */
function childLines({ children = [] }: StepView, now: number, to: Hints): Line[] {
  const shown = children.filter(({ verdict, endedAt }) => (verdict === null ? endedAt === null : !good.includes(verdict)));
  const names = Math.max(0, ...shown.map(({ name }) => name.length));
  const lines = shown.slice(0, 8).map((child): Line => {
    const state = child.verdict ?? `under way for ${clock(now - Date.parse(child.startedAt))}`;
    return [
      ['dim', `      ${plain(child.name).padEnd(names)}  `],
      [child.verdict === null ? 'cyan' : 'red', state],
      [null, child.why === '' ? '' : `: ${plain(child.why)}`],
      ['dim', `  ${to.command} status ${child.workflowId}`],
    ];
  });
  return shown.length > 8 ? [...lines, [['dim', `      … ${shown.length - 8} more`]]] : lines;
}

function spent(step: StepView, now: number): string {
  if (step.startedAt === null) return '';
  const start = Date.parse(step.startedAt);
  if (step.endedAt !== null) return duration(Date.parse(step.endedAt) - start);
  return step.state === 'running' || step.state === 'asking' ? clock(now - start) : '';
}

function questions(run: Snapshot, now: number, to: Hints, facts: number): Line[] {
  if (run.closedAt !== null) return [];
  if (run.state) return run.state.questions.flatMap((question) => questionLines(run, run.state as RunState, question, now, to, facts));
  return run.waiting.flatMap((question) => [
    [],
    [
      ['yellow', '? '],
      ['bold', plain(question.title)],
      ['dim', `  (${question.id}, attempt ${question.attempt})`],
    ],
    ...Object.keys(question.choices).map((choice): Line => [
      [
        null,
        `    ${decisionCommand(to, choice as never, run.workflowId, run.waiting.length > 1 ? question.id : null, needsReason(choice))}`,
      ],
    ]),
  ]);
}

/** What is asked, of whom, until when, and the command for each choice; facts are cut to `width`. */
export function questionLines(run: Snapshot, state: RunState, question: OpenQuestion, now: number, to: Hints, width = Infinity): Line[] {
  const people = question.count === 1 ? 'one person' : `${question.count} different people`;
  const of = question.approvers.length > 0 ? ` of ${question.approvers.join(' or ')}` : '';
  const have = question.have.length > 0 ? `; so far ${question.have.map(plain).join(', ')}` : '';
  const until =
    question.deadline === null ? 'no deadline' : `${clock(Date.parse(question.deadline) - now)} left, until ${question.deadline}`;
  const step = state.questions.length > 1 ? question.id : null;
  const commands = question.choices.map((choice) => decisionCommand(to, choice.choice, run.workflowId, step, choice.reason));
  return [
    [],
    [
      ['yellow', '? '],
      ['bold', plain(question.title)],
      ['dim', `  (${question.id}, attempt ${question.attempt})`],
    ],
    ...question.facts.map((fact): Line => {
      const label = `    ${plain(fact.label)}: `;
      return [
        ['dim', label],
        [null, cut(plain(fact.value), width - label.length)],
      ];
    }),
    [
      ['dim', '    asked of: '],
      [null, `${people}${of}${have}; ${until}`],
    ],
    [['dim', '    in the UI: Send a Signal, pick one of these; or on the command line:']],
    ...question.choices.flatMap((choice, index): Line[] => [
      [
        [null, `    ${plain(choice.signal)}`],
        ['dim', choice.reason ? '  (with a reason)' : ''],
      ],
      [['cyan', `        ${commands[index]}`]],
    ]),
  ];
}

const needsReason = (choice: string): boolean => choice === 'skip' || choice === 'done';
