import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fault } from '../lab/fault.ts';
import { Approver } from './approver.ts';
import { connect, type Temporal } from './connect.ts';
import { exit } from './exit.ts';
import { Failure } from './failure.ts';
import { follow } from './follow.ts';
import { hints } from './hints.ts';
import { note, paint, plain, say, sayJson } from './print.ts';
import { resultOf } from './result.ts';
import { onStage, type Stage } from './stage.ts';
import { startRun, type Started } from './start-run.ts';

interface Options {
  /** A second process approves. */
  readonly yes: boolean;
  readonly json: boolean;
}

/** Kills the primary of a real pair and fails it over once a person approves. Returns 0 only where the recovery was verified. */
export async function demo(options: Options): Promise<number> {
  const records = join(tmpdir(), 'lifeboat-demo', new Date().toISOString().replaceAll(/[:.]/g, '-'));
  await mkdir(records, { recursive: true });
  note(paint('bold', 'A PostgreSQL primary dies, and is failed over to its other site.', process.stderr));
  try {
    return await onStage(records, (stage) => play(stage, options));
  } finally {
    await removeEmpty(records);
  }
}

async function play({ world, stop }: Stage, options: Options): Promise<number> {
  const temporal = await connect('demo');
  const approver = new Approver();
  try {
    note(`  ${plain(await fault(world.lab.folder, 'kill-primary'))}`);
    const run = await startRun(temporal, 'failover', { system: 'orders', mode: 'unplanned', by: 'demo' });
    note(`  The failover has started. In the Temporal UI it is here:\n  ${temporal.link(run.workflowId, run.runId)}`);
    note(options.yes ? '  A second process approves it.\n' : '  It stops at a gate for you: approve it there, or from another terminal.\n');
    const code = await follow(temporal, run, {
      json: options.json,
      quietEnd: options.json,
      to: { command: `TEMPORAL_ADDRESS=${world.address} ${hints().command}`, decide: '--as alice@example.com' },
      signal: AbortSignal.any([stop.signal, approver.failed]),
      seen: (now) => {
        if (options.yes) now.state?.questions.forEach((question) => approver.answer(now.workflowId, question));
      },
    });
    if (approver.problem !== null)
      throw new Failure(exit.otherwise, approver.problem, 'Run the demo in a terminal, without --yes, to decide yourself.');
    if (stop.signal.aborted) return exit.interrupted;
    return await conclude(temporal, run, world.lab.probe, code, options);
  } finally {
    approver.end();
    await temporal.close();
  }
}

/** The run's own verdict is not enough here: the probe, which is outside both sites, must find the database served at the target. */
async function conclude(temporal: Temporal, run: Started, probe: number, code: number, options: Options): Promise<number> {
  const { result } = await resultOf(temporal, run);
  const seen = (await (await fetch(`http://127.0.0.1:${probe}/systems/orders`)).json()) as { serving: string | null; site: string | null };
  const verified = code === exit.done && seen.site !== null && seen.site === result?.serving;
  if (options.json) sayJson({ verified, probe: seen, ...result });
  else {
    say();
    say(
      verified
        ? `${paint('green', '✓')} Verified from outside: the probe writes to ${seen.serving} at ${seen.site}.`
        : `${paint('red', '✗')} Not verified: the probe finds orders served at ${seen.site ?? 'no site'}.`,
    );
  }
  return verified ? exit.done : exit.otherwise;
}

/** What is kept is a report; where there is none, nothing is. */
async function removeEmpty(records: string): Promise<void> {
  const entries = await readdir(records, { recursive: true, withFileTypes: true });
  if (entries.some((entry) => !entry.isDirectory())) return;
  await rm(records, { recursive: true, force: true });
  await rmdir(dirname(records)).catch(() => undefined);
}
