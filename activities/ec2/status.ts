import type { InstanceStatus } from '@aws-sdk/client-ec2';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { waitFor, type Kind } from '../aws/wait.ts';
import type { StepContext } from '../step.ts';
import type { Which } from './instance.ts';

/** The status checks of instances that run, by the instance's id. */
const statuses: Kind<InstanceStatus> = {
  name: 'ec2 instance status',
  batch: 100,
  async describe(ids, site, context) {
    const ec2 = await service('ec2', site, context);
    const { InstanceStatuses = [] } = await ec2
      .describeInstanceStatus({ InstanceIds: [...ids], IncludeAllInstances: true })
      .catch((error: unknown) => {
        if (ids.length === 1 && isAws(error, '*NotFound*')) return { InstanceStatuses: [] };
        throw error;
      });
    return new Map(InstanceStatuses.map((one) => [one.InstanceId!, one]));
  },
};

/** Usual time until both status checks of a new instance have passed, milliseconds. */
const expected = 90_000;

/** Waits until an instance has passed both status checks of EC2: of the machine and of the system on it. */
export async function isReady({ site, id }: Which, context: StepContext): Promise<void> {
  const passed = (state: InstanceStatus): boolean => state.InstanceStatus?.Status === 'ok' && state.SystemStatus?.Status === 'ok';
  await waitFor({ kind: statuses, id, site, expected, ready: passed }, context);
}
