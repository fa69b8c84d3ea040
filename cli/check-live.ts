import { exit } from './exit.ts';
import { Failure } from './failure.ts';
import { note, paint, plain, say } from './print.ts';
import type { Readiness } from '../workflows/wire.ts';
import type { Temporal } from './connect.ts';

/** What was found of whether systems are ready. */
export interface Live {
  readonly ok: boolean;
  /** By the workflow `readiness` of each system, carried out at its sites. Absent: Temporal was not reached. */
  readonly readiness?: readonly Seen[];
  /** By this machine alone, where Temporal was not reached: the preflights of each runbook. */
  readonly preflights?: readonly { readonly runbook: string; readonly ok: boolean; readonly lines: readonly string[] }[];
}
export interface Seen extends Readiness {
  readonly workflowId: string;
  readonly link: string;
}

/** Has the sites of every system look; where Temporal does not answer, this machine looks alone, and that is said. */
export async function live(folder: string, systems: readonly string[]): Promise<Live> {
  const { connect } = await import('./connect.ts');
  let temporal: Temporal;
  try {
    temporal = await connect('lifeboat', folder);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== exit.unreachable) throw error;
    note(
      `${error.message} So only this machine looks, and only at the preflights: what the sites see, what is backed up and what was proven stays unknown.`,
    );
    const { preflightFolder } = await import('../worker/preflight.ts');
    const preflights = await preflightFolder(folder, systems);
    // What cannot be recovered by Temporal is not ready, whatever else is.
    return { ok: preflights.every(({ ok }) => ok), preflights };
  }
  try {
    const { lookAt } = await import('./look-ready.ts');
    const readiness = await lookAt(temporal, systems);
    return { ok: readiness.every(({ ready }) => ready), readiness };
  } finally {
    await temporal.close();
  }
}

export function printLive({ readiness = [], preflights = [] }: Live): void {
  for (const one of preflights) {
    say(`${one.ok ? paint('green', 'ready') : paint('red', 'not ready')}  ${one.runbook}`);
    one.lines.forEach((line) => say(`  ${plain(line)}`));
  }
  readiness.forEach(printOne);
}

function printOne({ system, ready, because, accepted, looks, link }: Seen): void {
  say(ready ? `${paint('green', 'ready')}  ${plain(system)}` : `${paint('red', 'not ready')}  ${plain(system)}, because`);
  because.forEach((text) => say(`  ${paint('red', '✗')} ${plain(text)}`));
  accepted.forEach((text) => say(`  ${paint('yellow', 'accepted')}  ${plain(text)}`));
  const soon = new Set(looks.flatMap(({ problems }) => problems.flatMap(({ weight, text }) => (weight === 'must' ? [] : [text]))));
  soon.forEach((text) => say(`  ${paint('yellow', 'soon')}  ${plain(text)}`));
  const well = looks.filter(({ problems }) => problems.length === 0);
  say(`  ${well.length} of ${looks.length} things are well.${link === '' ? '' : ` ${link}`}`);
}
