import type { Temporal } from './connect.ts';
import { exit } from './exit.ts';
import type { RunName } from './find-run.ts';
import { hints } from './hints.ts';
import { say, sayJson } from './print.ts';
import { snapshot } from './snapshot.ts';
import { verdictCode, verdictOf } from './verdict.ts';
import { view } from './view.ts';

/** Shows how a run stands now. Returns 0 while it goes on, else the code of its verdict. */
export async function once(temporal: Temporal, run: RunName, json: boolean, decide: string): Promise<number> {
  const seen = await snapshot(temporal, run);
  if (json) sayJson({ ...seen, verdict: verdictOf(seen) });
  else view(seen, Date.now(), { width: process.stdout.columns ?? Infinity, height: Infinity }, { ...hints(), decide }).forEach(say);
  return seen.closedAt === null ? exit.done : verdictCode(seen);
}
