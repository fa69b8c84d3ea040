import assert from 'node:assert/strict';
import { z } from 'zod';
import { service } from '../../activities/aws/client.ts';
import { tag, tagsFor, tagSpecifications } from '../../activities/aws/tags.ts';
import { step, type StepContext } from '../../activities/step.ts';
import type { Cloud } from '../activities/cloud.ts';
import { cleanRun, strikes, underFault, type Told, type UnderFaults } from '../activities/cloud-faults.ts';
import { at } from './cloud.ts';

const input = z.object({ volume: z.string() });
type Input = z.infer<typeof input>;

/** A step that takes a snapshot; `looks`: whether it looks for one of its own before it does. */
function snapshots(looks: boolean) {
  const own = async (context: StepContext) => {
    const ec2 = await service('ec2', 'east', context);
    return (await ec2.describeSnapshots({ Filters: [{ Name: `tag:${tag.key}`, Values: [context.key] }] })).Snapshots ?? [];
  };
  return step<Input, object>({
    name: 'test.snapshot',
    summary: 'Takes a snapshot.',
    effect: 'change',
    expected: 1_000,
    timeout: '1 minute',
    input,
    output: z.object({}),
    example: { volume: 'vol-0123456789abcdef0' },
    permissions: [],
    preflight: async () => [],
    async execute({ volume }, context) {
      if (looks && (await own(context)).length > 0) return;
      if (!looks && context.step.attempt > 1 && (await own(context)).length > 0 && context.resume === 'made') return;
      const ec2 = await service('ec2', 'east', context);
      await ec2.createSnapshot({ VolumeId: volume, TagSpecifications: tagSpecifications(['snapshot' as const], tagsFor(context)) });
      context.heartbeat('made');
    },
    async verify(_, context) {
      const found = await own(context);
      assert.ok(found.length > 0);
      return { outputs: {}, evidence: [] };
    },
    rehearse: { none: 'It is a test.' },
    async undo(_, context) {
      const ec2 = await service('ec2', 'east', context);
      for (const { SnapshotId } of (await own(context)).slice(0, looks ? undefined : 1)) await ec2.deleteSnapshot({ SnapshotId });
      return [];
    },
  });
}

const spec: UnderFaults<string> = {
  prepare: async (cloud: Cloud) =>
    (await (await at(cloud, 'east', 'ec2')).createVolume({ AvailabilityZone: 'us-east-1a', Size: 8 })).VolumeId!,
  input: (volume) => ({ volume }),
  effects: (fresh) => fresh.filter(({ gone }) => !gone).map(({ kind, region }) => `${kind} in ${region}`),
};

describe('the fault table', () => {
  const told = async (looks: boolean) => {
    const type = snapshots(looks);
    const clean = await cleanRun(type, spec);
    assert.deepEqual(clean.calls, [{ service: 'ec2', operation: 'CreateSnapshot', after: 0 }]);
    assert.deepEqual(clean.effects, ['snapshot in us-east-1']);
    const found: { [fault: string]: Told } = {};
    for (const [fault, strike] of Object.entries(strikes)) found[fault] = await underFault(type, spec, clean, clean.calls[0]!, strike);
    return found;
  };

  it('finds nothing wrong with a step that looks before it creates', async () => {
    for (const [fault, found] of Object.entries(await told(true))) assert.deepEqual(found, { doubled: [], lost: [], left: [] }, fault);
  });

  it('finds what a step doubles and leaves that does not', async () => {
    const found = await told(false);
    for (const fault of ['lost', 'killed']) {
      assert.deepEqual(found[fault]!.doubled, ['snapshot in us-east-1'], fault);
      assert.deepEqual(found[fault]!.left, ['us-east-1 ec2 snapshot: 2', 'us-east-1 ec2 snapshot after undo'], fault);
    }
    for (const fault of ['refused', 'reset', 'throttled', 'slow']) assert.deepEqual(found[fault]!.doubled, [], fault);
  });
});
