import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntilSnapshotCompleted, type EC2Client } from '@aws-sdk/client-ec2';
import { onCall, service } from '../activities/aws/client.ts';
import { waitFor } from '../activities/aws/wait.ts';
import { snapshots } from '../activities/ec2/kinds.ts';
import type { AwsFacts } from '../plan/plan.ts';
import { cloudControl } from '../lab/aws/control.ts';
import { startEmulator } from '../lab/aws/emulator.ts';
import { freePorts } from '../lab/ports.ts';
import { table } from './figures.ts';
import { blank } from './waiters.ts';

const account = '111122223333';

/** Waits in real time for snapshots of the emulated AWS, which take so long, milliseconds. @returns a table. */
export async function emulated(count: number, takes: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-bench-'));
  const [port] = await freePorts(1);
  process.env['AWS_ACCESS_KEY_ID'] ??= 'bench';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'bench';
  const emulator = await startEmulator({ port: port!, log: join(folder, 'emulator.log') });
  try {
    const role = { arn: `arn:aws:iam::${account}:role/bench` };
    return await measured({ region: 'us-east-1', account, endpoint: emulator.endpoint, apiShare: 1, role }, count, takes);
  } finally {
    process.kill(emulator.pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measured(facts: AwsFacts, count: number, takes: number): Promise<string> {
  const context = blank('emulated', facts);
  const ec2 = await service('ec2', 'east', context);
  const { VolumeId } = await ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 1 });
  await cloudControl(facts.endpoint!, [account]).settings({ seconds: { 'ec2:snapshot': takes / 1_000 } });
  const ways: readonly (readonly [string, (id: string) => Promise<unknown>])[] = [
    ['ours', (id) => waitFor({ kind: snapshots, id, site: 'east', expected: takes, ready: ({ State }) => State === 'completed' }, context)],
    ["the SDK's", (id) => waitUntilSnapshotCompleted({ client: ec2 as unknown as EC2Client, maxWaitTime: 600 }, { SnapshotIds: [id] })],
  ];
  const rows: string[][] = [];
  for (const [name, wait] of ways) {
    const made = await Promise.all(
      Array.from({ length: count }, async () => ({ id: (await ec2.createSnapshot({ VolumeId: VolumeId! })).SnapshotId!, at: Date.now() })),
    );
    let calls = 0;
    const stop = onCall(({ action }) => void (calls += Number(action === 'ec2:DescribeSnapshots')));
    const delays = await Promise.all(made.map(({ id, at }) => wait(id).then(() => Date.now() - at - takes))).finally(stop);
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / count;
    rows.push([name, String(Math.round(mean)), String(Math.max(...delays)), String(calls)]);
  }
  return table(['', 'delay', 'longest', 'calls'], rows);
}
