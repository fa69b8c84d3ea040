import { setTimeout } from 'node:timers/promises';
import type { RunKind } from '../../workflows/policy.ts';
import { controlQueue, type RunState } from '../../workflows/wire.ts';
import { asked, cast, choose, gate, nextSystem, stateOf, step, until, type Handle, type Play, type Stage } from './stage.ts';
import type { Troupe } from './troupe.ts';

export const script: NonNullable<Play['script']> = { 't.go.execute': () => undefined };
/** Steps of a run that moves a system once people have approved. */
export const moves = [gate('cut-over'), step('promote', ['cut-over'], { promotes: true })];
/** Steps of a run that fails. */
export const bad = [step('bad', [], { uses: 't.bad' }), step('promote', ['bad'], { promotes: true })];
export const broken: NonNullable<Play['script']> = { ...script, 't.bad.execute': () => Promise.reject(new Error('the disk is full')) };

interface Given {
  readonly kind?: RunKind;
  readonly input?: object;
  /** Milliseconds. */
  readonly within?: number;
}

/** Plays a parent run about a system of its own, and ends what is still open of it and its children. */
export async function play<T>(
  theatre: Stage,
  troupe: Troupe,
  what: Play,
  act: (handle: Handle) => Promise<T>,
  { kind = 'failover', input = {}, within = 40_000 }: Given = {},
): Promise<T> {
  const system = nextSystem();
  const worker = await cast(theatre, {
    ...what,
    run: { ...troupe.compiled(what, system, kind === 'rehearsal' ? what.header?.kind : kind), ...troupe.activities, ...what.run },
  });
  return worker.run(async () => {
    const handle = await theatre.client.workflow.start(kind, {
      workflowId: `${kind}-${system}`,
      taskQueue: controlQueue,
      args: [{ system, by: 'zoe', ...(kind === 'failover' ? { mode: 'unplanned' } : {}), ...input }],
      workflowTaskTimeout: '3 seconds',
      workflowExecutionTimeout: '5 minutes',
    });
    const deadline = new AbortController();
    try {
      // Before mocha gives up, so that the workers of a scene that hangs are gone when the next one begins.
      return await Promise.race([act(handle), late(within, deadline.signal)]);
    } finally {
      deadline.abort();
      for (const id of [handle.workflowId, ...(await startedBy(handle))])
        await theatre.client.workflow
          .getHandle(id)
          .terminate('the scene is over')
          .catch(() => undefined);
    }
  });
}

/** The failover of a system, whoever started it. */
export const child = (theatre: Stage, system: string): Handle => theatre.client.workflow.getHandle(`failover-${system}`);
export const running = (theatre: Stage, system: string): Promise<RunState> =>
  until(() => stateOf(child(theatre, system)), `a run of ${system}`);

/** Everybody who is needed approves. */
export async function agreed(handle: Handle, id: string): Promise<void> {
  const question = await asked(handle, id);
  for (const name of ['alice', 'bob'].slice(0, question.count)) await choose(handle, question, 'approve', name);
}

async function late(within: number, signal: AbortSignal): Promise<never> {
  await setTimeout(within, undefined, { signal }).catch(() => undefined);
  throw new Error(`the scene was not over within ${within / 1000} s`);
}

/** Workflow ids of the children that a run started. */
async function startedBy(handle: Handle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) => event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId ?? []);
}
