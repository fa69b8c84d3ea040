import { hostname } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerInterceptors, type WorkerOptions } from '@temporalio/worker';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { types as released } from '../activities/index.ts';
import type { StepType } from '../activities/step.ts';
import { controlQueue, siteQueue } from '../workflows/wire.ts';
import { registerAttributes } from './attributes.ts';
import { workflowBundle } from './bundle.ts';
import { stepActivities } from './join.ts';
import { runActivities } from './run/index.ts';
import { journalSink } from './sink.ts';
import type { Site } from './site.ts';

export interface WorkerSettings {
  readonly site: string;
  /** Folder of the inventory and the runbooks. */
  readonly runbooks: string;
  /** Called once it asks for work. */
  readonly ready?: () => void;
  /** Step types beside or instead of the product's own. */
  readonly types?: readonly StepType[];
  readonly interceptors?: WorkerInterceptors;
}

/**
 * The process at a site: carries out steps on the site's queue, and takes its share of workflows and of the runs' own
 * activities on the control queue. Ends on SIGINT and SIGTERM, giving steps under way ten seconds.
 */
export async function runWorker({ site: name, runbooks, ready, types = released, interceptors }: WorkerSettings): Promise<void> {
  // It runs beside what it is to recover: left alone, V8 lets the heap grow to four times what is alive before it clears up.
  setFlagsFromString('--heap-growing-percent=50');
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: ['SIGINT', 'SIGTERM'] });
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const [connection, bundle] = await Promise.all([NativeConnection.connect(connectionOptions), workflowBundle()]);
  try {
    await registerAttributes(connection, namespace);
    const site: Site = { site: name, runbooks, namespace, types };
    const own = runActivities(site);
    const shared: Omit<WorkerOptions, 'taskQueue'> = {
      connection,
      namespace,
      identity: `lifeboat/${name}/${hostname()}/${process.pid}`,
      shutdownGraceTime: '10 seconds',
      ...(interceptors ? { interceptors } : {}),
    };
    const workers = await Promise.all([
      Worker.create({
        ...shared,
        ...control,
        workflowBundle: bundle,
        taskQueue: controlQueue,
        activities: own,
        sinks: journalSink(),
      }),
      Worker.create({ ...shared, ...steps, taskQueue: siteQueue(name), activities: { ...own, ...stepActivities(site) } }),
    ]);
    const running = Promise.all(workers.map((worker) => worker.run()));
    ready?.();
    await running;
  } finally {
    await connection.close();
  }
}

/** Few pollers: a frozen worker swallows one task for each that it has waiting. */
export const control = {
  activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 1 },
  workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
  // A killed worker's runs stand still for this long.
  stickyQueueScheduleToStartTimeout: '2 seconds',
  // The default follows the machine's memory, not the worker's. One that was put aside is replayed when it goes on.
  maxCachedWorkflows: 150,
} as const;
/** For the steps of a site. */
export const steps = {
  activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 1 },
  maxConcurrentActivityTaskExecutions: 100,
} as const;
