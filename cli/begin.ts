import type { Mode } from '../plan/plan.ts';
import type { RunKind } from '../workflows/policy.ts';
import type { RunInput } from '../workflows/wire.ts';
import { flag, text } from './arguments.ts';
import type { Arguments, Command } from './command.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { runbooksOption, runbooksPath } from './folder.ts';
import { note, sayJson } from './print.ts';
import { asOption, who } from './who.ts';

/** How a failover is done. */
export const modeOptions: Command['options'] = {
  planned: { type: 'boolean', help: 'The source still serves: it is shut down cleanly, nothing is lost.' },
  unplanned: { type: 'boolean', help: 'The source is lost: it is fenced, so that it cannot write any more.' },
};

/** Options of the commands that start a run. */
export const startOptions: Command['options'] = {
  param: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'A parameter of the runbook; may be given several times.' },
  digest: { type: 'string', value: 'DIGEST', help: 'The plan that you were shown by lifeboat plan; the run asks where its own differs.' },
  'no-wait': { type: 'boolean', help: 'Starts the run and ends, without following it.' },
  ...asOption,
  ...runbooksOption,
};

/** `--planned` or `--unplanned`; undefined where neither is given. */
export function modeOf(args: Arguments): Mode | undefined {
  const [planned, unplanned] = [flag(args, 'planned'), flag(args, 'unplanned')];
  if (planned && unplanned) throw usage('--planned and --unplanned exclude each other.', modes);
  return planned ? 'planned' : unplanned ? 'unplanned' : undefined;
}

const modes = '--planned: the source still serves and is shut down cleanly. --unplanned: the source is lost and is fenced.';

export function requiredMode(args: Arguments, command: string): Mode {
  const mode = modeOf(args);
  if (mode === undefined) throw usage(`${command} needs --planned or --unplanned; there is no default.`, modes);
  return mode;
}

/** Starts the run, or attaches to the one under way and says so; follows it to its end. Returns the exit code. */
export async function begin(
  args: Arguments,
  kind: RunKind,
  what: Pick<RunInput, 'system' | 'site' | 'mode' | 'cause' | 'runbook' | 'parameters'>,
): Promise<number> {
  const [{ connect }, { startRun }] = await Promise.all([import('./connect.ts'), import('./start-run.ts')]);
  const by = who(args);
  const digest = text(args, 'digest');
  const json = flag(args, 'json');
  const temporal = await connect(by, runbooksPath(args));
  try {
    const run = await startRun(temporal, kind, { ...what, ...(digest === undefined ? {} : { digest }), by });
    const link = temporal.link(run.workflowId, run.runId);
    if (run.attachedTo) {
      note(
        `Attached to the run under way: ${run.workflowId}, started by ${run.attachedTo.by} at ${run.attachedTo.at}. Nothing new was started, and what you asked for here has no effect on it.`,
      );
    }
    if (flag(args, 'no-wait')) {
      if (json) sayJson({ ...run, attached: run.attachedTo !== undefined, link });
      else note(`${run.attachedTo ? 'It goes on' : 'Started'}: ${link}\nWatch it: lifeboat status ${run.workflowId}`);
      return exit.done;
    }
    const { follow } = await import('./follow.ts');
    return await follow(temporal, run, { json });
  } finally {
    await temporal.close();
  }
}
