import { changes } from './changes.ts';
import type { Temporal } from './connect.ts';
import { exit } from './exit.ts';
import { Failure } from './failure.ts';
import type { RunName } from './find-run.ts';
import { hints, type Hints } from './hints.ts';
import { interruption } from './interrupt.ts';
import { compose } from './line.ts';
import { note, say, sayJson } from './print.ts';
import { Screen } from './screen.ts';
import { snapshot, type Snapshot } from './snapshot.ts';
import { ending, verdictCode, verdictOf } from './verdict.ts';
import { view } from './view.ts';

/** Milliseconds between two looks: four a second at the most. */
const interval = 250;

export interface Following {
  readonly json: boolean;
  /** Whether its end is left to the caller to print. */
  readonly quietEnd?: boolean;
  readonly to?: Hints;
  /** Ends the watching, as Ctrl-C does. */
  readonly signal?: AbortSignal;
  /** Called after each look. */
  seen?(run: Snapshot): void;
}

/**
 * Shows a run until it ends, drawn in place on a terminal, a line for each change elsewhere; with `json` only its end, as JSON.
 * A server that goes away meanwhile is waited for. Returns the exit code of the run's verdict.
 */
export async function follow(temporal: Temporal, run: RunName, options: Following): Promise<number> {
  const to = options.to ?? hints();
  const stop = interruption(options.signal);
  const screen = process.stdout.isTTY && !options.json ? new Screen(process.stdout) : undefined;
  let last: Snapshot | undefined;
  const draw = (): void => {
    if (last && screen) screen.draw(view(last, Date.now(), screen.size(), to));
  };
  // Apart from the looking: where nobody answers, the clocks must not stand still.
  const drawing = setInterval(draw, interval);
  try {
    for (;;) {
      const seen = await look(temporal, run, last);
      if (!screen && !options.json) changes(last, seen, Date.now(), to).forEach(say);
      last = seen;
      options.seen?.(seen);
      if (seen.closedAt !== null) break;
      if (await stop.within(interval)) break;
    }
    draw();
  } finally {
    clearInterval(drawing);
    screen?.end();
    stop.end();
  }
  if (last.closedAt === null) {
    if (options.signal === undefined) note(`No longer watching; the run goes on. Watch it again: ${to.command} status ${run.workflowId}`);
    return exit.interrupted;
  }
  if (options.json && options.quietEnd) return verdictCode(last);
  if (options.json) sayJson({ ...last, verdict: verdictOf(last) });
  else if (!screen) ending(last).forEach((line) => say(compose(line)));
  return verdictCode(last);
}

/** Once a run was seen, a server that does not answer is no reason to stop watching. */
async function look(temporal: Temporal, run: RunName, last: Snapshot | undefined): Promise<Snapshot> {
  try {
    return await snapshot(temporal, last ?? run, last);
  } catch (error) {
    if (last === undefined || !(error instanceof Failure) || error.code !== exit.unreachable) throw error;
    return { ...last, problem: `Temporal at ${temporal.address} does not answer; shown is what was last seen. Trying again.` };
  }
}
