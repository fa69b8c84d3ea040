import type { Volume, VolumeAttachmentState } from '@aws-sdk/client-ec2';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { waitFor } from '../aws/wait.ts';
import type { StepContext } from '../step.ts';
import { volumes as kind } from './kinds.ts';

/** Whether it is attached to an instance; `state`: in this state alone. */
export function isAttachedTo({ Attachments = [] }: Volume, instance: string, state?: VolumeAttachmentState): boolean {
  return Attachments.some(({ InstanceId, State }) => InstanceId === instance && (state === undefined || State === state));
}

export function isGone({ State }: Volume): boolean {
  return State === 'deleting' || State === 'deleted';
}

/** Detaches a volume from wherever it is, and waits until it is free. One that is gone is no failure. */
export async function detach(id: string, site: string, context: StepContext): Promise<void> {
  const ec2 = await service('ec2', site, context);
  const volume = (await kind.describe([id], site, context)).get(id);
  if (!volume || isGone(volume)) return;
  for (const { InstanceId, State } of volume.Attachments ?? []) {
    if (InstanceId === undefined || State === 'detached' || State === 'detaching') continue;
    await mayChange(site, context);
    await ec2.detachVolume({ VolumeId: id, InstanceId }).catch((error: unknown) => {
      // Detached meanwhile.
      if (!isAws(error, 'IncorrectState', 'InvalidAttachment.NotFound')) throw error;
    });
  }
  await waitFor({ kind, id, site, expected: 10_000, ready: ({ State }) => State !== 'in-use' && State !== 'creating' }, context);
}
