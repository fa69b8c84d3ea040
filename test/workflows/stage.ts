import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { fileURLToPath } from 'node:url';
import type { Action, Gate, PlanHeader, PlanNode, Step } from '../../plan/plan.ts';
import type { Compiled, Facts, OpenQuestion, RunActivities, RunState, Sender, StepAnswer, StepCall } from '../../workflows/wire.ts';
import { controlQueue, siteQueue } from '../../workflows/wire.ts';
import { attributes, registerAttributes } from '../../worker/attributes.ts';
import { attempt as oneAttempt } from '../../worker/attempt.ts';
import { attest, requester } from '../../worker/run/attest.ts';
import { borrow, giveBack } from '../../worker/run/borrow.ts';
import { pollers } from '../../worker/run/pollers.ts';
import { recall } from '../../worker/run/recall.ts';
import { journalSink } from '../../worker/sink.ts';
import { tools } from '../../lab/tools.ts';
import type { Entry } from '../../record/journal.ts';

/** A real server, and the real workflows over steps that a test makes up. */
export interface Stage {
  readonly env: TestWorkflowEnvironment;
  readonly client: Client;
  readonly bundle: { readonly code: string };
}

const quick = { 'history.transferProcessorMaxPollRPS': 1_000, 'history.timerProcessorMaxPollRPS': 1_000 };
let shared: Promise<Stage> | undefined;
let installed = false;

/** Only what is wrong is logged. */
export function quietly(): void {
  if (!installed) Runtime.install({ logger: new DefaultLogger('ERROR') });
  installed = true;
}

/** The one stage of the tests of this folder, made when it is first asked for and taken down after all tests. */
export const theStage = (): Promise<Stage> => (shared ??= stage());

after(async () => (await shared)?.env.teardown());

/** A stage of one's own, to be taken down by who made it. `settings`: dynamic configuration of the server. */
export async function stage(settings: { readonly [name: string]: string | number } = {}): Promise<Stage> {
  quietly();
  const { temporal } = await tools(() => undefined);
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporal },
      ui: false,
      log: { format: 'pretty', level: 'error' },
      extraArgs: Object.entries({ ...quick, ...settings }).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${value}`]),
    },
  });
  await registerAttributes(env.nativeConnection, 'default');
  const bundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  return { env, client: env.client, bundle };
}

export type Script = {
  /** `signal` is aborted when the step is cancelled. */
  readonly [activity: string]: (
    call: StepCall,
    attempt: number,
    signal: AbortSignal,
  ) => Promise<Partial<StepAnswer> | void> | Partial<StepAnswer> | void;
};

export interface Play {
  readonly steps: readonly PlanNode[];
  readonly header?: Partial<PlanHeader>;
  /** Step phases by name, such as `t.go.execute`. */
  readonly script?: Script;
  readonly run?: Partial<RunActivities>;
  readonly known?: readonly string[];
  /** Queues that have a worker. Default: the control queue and both sites'. */
  readonly queues?: readonly string[];
  /** How many steps each worker carries out at once. */
  readonly slots?: number;
}

export const calm: Facts = {
  atRisk: { bytes: 8_000, milliseconds: 20 },
  atRiskText: 'about 8 kB lost',
  viewpoints: [
    { name: 'probe', sees: 'dead', text: 'no marker' },
    { name: 'receiver', sees: 'dead', text: 'not streaming' },
  ],
  seen: {},
};

/** A worker for one play, on the queues of the control and of both sites. */
export async function cast(stage: Stage, play: Play): Promise<{ run<T>(work: () => Promise<T>): Promise<T> }> {
  const { nativeConnection } = stage.env;
  const site = { site: 'site-b', runbooks: '', namespace: 'default', types: [] };
  const activities = {
    ...standIns(play),
    'run.attest': attest(),
    'run.requester': requester(),
    'run.borrow': borrow(),
    'run.return': giveBack(),
    'run.recall': recall(),
    'run.pollers': pollers(site),
    ...play.run,
    ...scripted(play),
  };
  const workflows = { workflowBundle: stage.bundle, sinks: journalSink(), stickyQueueScheduleToStartTimeout: '1s' } as const;
  const { queues = [controlQueue, siteQueue('site-a'), siteQueue('site-b')] } = play;
  const slots = play.slots === undefined ? {} : { maxConcurrentActivityTaskExecutions: play.slots };
  const workers = await Promise.all(
    queues.map((taskQueue) =>
      Worker.create({ connection: nativeConnection, taskQueue, activities, ...(taskQueue === controlQueue ? workflows : slots) }),
    ),
  );
  return {
    run: async (work) => {
      const running = Promise.all(workers.map((worker) => worker.run()));
      try {
        return await work();
      } finally {
        for (const worker of workers) worker.shutdown();
        await running;
      }
    },
  };
}

function standIns(play: Play): Partial<RunActivities> {
  const plan = header(play);
  return {
    'run.compile': async (): Promise<Compiled> => ({
      plan,
      steps: play.steps,
      evidence: [],
      attributes: play.known ?? attributes,
      epoch: await epoch(),
    }),
    'run.preflight': async ({ calls }) => calls.map(({ step }) => ({ step: step.id, ok: true, seen: ['looks well'], code: '' })),
    'run.facts': async () => calm,
    'run.measure': async () => ({ outage: null, note: 'not probed', unserved: false }),
    'run.record': async () => '',
  };
}

async function epoch(): Promise<number> {
  const { Context } = await import('@temporalio/activity');
  const { loanOf } = await import('../../worker/ours.ts');
  const { system } = Context.current().info.workflowExecution ? { system: systemOf() } : { system: '' };
  return (await loanOf(Context.current().client, system).catch(() => null))?.epoch ?? 0;
  function systemOf(): string {
    return Context.current()
      .info.workflowExecution!.workflowId.replace(/^[^-]+-/u, '')
      .replace(/\+.*$/u, '');
  }
}

function scripted({ script = {} }: Play): Record<string, (call: StepCall) => Promise<StepAnswer>> {
  const counts = new Map<string, number>();
  return Object.fromEntries(
    Object.entries(script).map(([name, act]) => [
      name,
      (call) =>
        oneAttempt(async ({ signal }) => {
          const attempt = (counts.get(name) ?? 0) + 1;
          counts.set(name, attempt);
          return { outputs: {}, evidence: [], ...(await act(call, attempt, signal)) };
        }),
    ]),
  );
}

export function header({ header: given = {} }: Play): PlanHeader {
  return {
    format: 1,
    digest: 'd'.repeat(64),
    runbook: 'play',
    kind: 'failover',
    description: '',
    system: { name: 'orders', tier: 1 },
    source: { site: 'site-a' },
    target: { site: 'site-b' },
    hosts: {},
    sites: { 'site-a': { kind: 'physical', steps: 20 }, 'site-b': { kind: 'physical', steps: 20 } },
    objectives: {},
    parameters: {},
    people: { leads: ['alice', 'bob'], dbas: ['carol'] },
    decisions: 'stated',
    notify: {},
    warnings: [],
    pages: ['x'],
    ...given,
  };
}

export function step(id: string, needs: readonly string[] = [], action: Partial<Action> = {}, node: Partial<Step> = {}): Step {
  return {
    kind: 'step',
    id,
    needs,
    remaining: 1,
    line: 1,
    else: [],
    proofs: [],
    summary: id,
    action: {
      uses: 't.go',
      effect: 'change',
      with: {},
      at: 'site-b',
      hosts: {},
      timeout: 10_000,
      retry: { times: 0, wait: 100 },
      provides: [],
      requires: [],
      commits: false,
      outage: false,
      undo: false,
      promotes: false,
      ...action,
    },
    ...node,
  };
}

export function gate(id: string, needs: readonly string[] = [], given: Partial<Gate> = {}): Gate {
  return {
    kind: 'gate',
    id,
    needs,
    remaining: 1,
    line: 1,
    title: `Move on at ${id}`,
    approvers: ['leads'],
    count: 1,
    show: [],
    onExpiry: { then: 'abort' },
    ...given,
  };
}

/** Waits for a condition; ids and systems come from a counter, so that a failing test can be repeated. */
export async function until<T>(look: () => Promise<T | undefined | null | false>, what: string, within = 15_000): Promise<T> {
  const deadline = Date.now() + within;
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type Handle = ReturnType<Client['workflow']['getHandle']>;

export const stateOf = (handle: Handle): Promise<RunState> => handle.query<RunState>('state');
export const journalOf = (handle: Handle): Promise<Entry[]> => handle.query<Entry[]>('journal');
export const asked = (handle: Handle, id: string, attempt = 1): Promise<OpenQuestion> =>
  until(
    async () => (await stateOf(handle)).questions.find((question) => question.id === id && question.attempt === attempt),
    `question ${id} #${attempt}`,
  );

/** Makes a choice, as the command line does. */
export async function choose(handle: Handle, question: OpenQuestion, choice: string, by?: string, reason?: string): Promise<void> {
  const signal = question.choices.find((open) => open.choice === choice)?.signal;
  if (!signal) throw new Error(`no choice ${choice} among ${question.choices.map((open) => open.choice).join(', ')}`);
  await handle.signal(
    signal,
    ...(by === undefined && reason === undefined ? [] : [{ ...(by ? { by } : {}), ...(reason ? { reason } : {}) }]),
  );
}

let plays = 0;
/** A system of its own for each play. */
export const nextSystem = (): string => `play${(plays += 1)}`;

export async function start(stage: Stage, system: string, input: object = {}) {
  return stage.client.workflow.start('failover', {
    workflowId: `failover-${system}`,
    taskQueue: controlQueue,
    args: [{ system, mode: 'unplanned', by: 'zoe', ...input }],
    workflowTaskTimeout: '3 seconds',
    workflowExecutionTimeout: '2 minutes',
  });
}
export type { Handle, Sender };
