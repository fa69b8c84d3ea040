import { waitUntilSnapshotCompleted, type EC2Client } from '@aws-sdk/client-ec2';
import { waitFor, type Kind } from '../activities/aws/wait.ts';
import type { StepContext } from '../activities/step.ts';
import type { AwsFacts } from '../plan/plan.ts';

/** A thing that is ready some time after it was begun. Times are milliseconds. */
export interface Thing {
  readonly expected: number;
  readonly takes: number;
}
export interface Noticed {
  /** From ready to noticed. */
  readonly delay: number;
  readonly takes: number;
}
export interface Waited {
  readonly noticed: readonly Noticed[];
  readonly calls: number;
}
/** Waits for all of them, which begin together. */
export type Waiter = (things: readonly Thing[]) => Promise<Waited>;

/** How long a call takes, milliseconds. */
export const call = 80;
const answer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, call));

/** Ours: the code that steps wait with. */
export function ours(name: string): Waiter {
  let calls = 0;
  let things: readonly Thing[] = [];
  let start = 0;
  const kind: Kind<boolean> = {
    name,
    batch: 200,
    async describe(ids) {
      calls += 1;
      await answer();
      return new Map(ids.map((id) => [id, Date.now() >= start + things[Number(id)]!.takes]));
    },
  };
  let runs = 0;
  return async (given) => {
    things = given;
    [start, calls] = [Date.now(), 0];
    const noticed = await Promise.all(
      things.map(async ({ expected, takes }, id) => {
        const context = blank(`${name} ${(runs += 1)}`);
        await waitFor({ kind, id: String(id), site: 'east', expected, ready: (state) => state }, context);
        return { delay: Date.now() - start - takes, takes };
      }),
    );
    return { noticed, calls };
  };
}

/** The SDK's own, one for each thing; its delays are seconds, and its own where none are given. */
export function theirs(delays: { readonly minDelay?: number; readonly maxDelay?: number } = {}): Waiter {
  return async (things) => {
    let calls = 0;
    const start = Date.now();
    const noticed = await Promise.all(
      things.map(async ({ takes }) => {
        const send = async () => {
          calls += 1;
          await answer();
          return { Snapshots: [{ State: Date.now() >= start + takes ? 'completed' : 'pending' }] };
        };
        await waitUntilSnapshotCompleted(
          { client: { send } as unknown as EC2Client, maxWaitTime: 1e6, ...delays },
          { SnapshotIds: ['snap'] },
        );
        return { delay: Date.now() - start - takes, takes };
      }),
    );
    return { noticed, calls };
  };
}

/** As much of a step's context as a wait asks for. */
export function blank(key: string, aws: AwsFacts = { region: 'us-east-1', apiShare: 1 }): StepContext {
  const context: Partial<StepContext> = {
    key,
    run: { workflowId: 'bench', runId: 'bench', link: '', mode: 'planned', live: false, startedAt: '' },
    resume: undefined,
    signal: new AbortController().signal,
    aws: () => aws,
    heartbeat: () => undefined,
  };
  return context as StepContext;
}
