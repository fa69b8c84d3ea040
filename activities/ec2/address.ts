import type { Address } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { allowed } from './dry-run.ts';

const target = (description: string) =>
  z
    .string()
    .regex(/^(?:i|eni)-[0-9a-f]{8,17}$/u, 'the id of an instance or of a network interface')
    .describe(description);
const input = z.object({
  site: siteName('The AWS site of the address, by its name in the inventory.'),
  address: z
    .string()
    .regex(/^eipalloc-[0-9a-f]{8,17}$/u, 'the allocation of an Elastic IP address, such as eipalloc-0123456789abcdef0')
    .describe('The Elastic IP address, by the id of its allocation.'),
  from: target(
    'Instance or network interface that has it now. Default: nobody has it. Where somebody else has it, nothing is done.',
  ).optional(),
  to: target('Instance or network interface that gets it.'),
});
const output = z.object({
  address: z.string().describe('The address itself, IPv4.'),
  to: z.string().describe('Who has it: the instance or network interface that was named.'),
});
type Input = z.infer<typeof input>;

const actions = ['sts:GetCallerIdentity', 'ec2:DescribeAddresses', 'ec2:AssociateAddress'];

export default step({
  name: 'ec2.address',
  summary: 'Moves an Elastic IP address from one instance or network interface to another, if it is where it is said to be.',
  effect: 'change',
  expected: 2_000,
  timeout: '2 minutes',
  retry: { times: 3, wait: '2 seconds' },
  input,
  output,
  example: { site: 'us-west-2', address: 'eipalloc-0123456789abcdef0', from: 'i-0123456789abcdef0', to: 'i-0fedcba9876543210' },
  permissions: [],
  iam: { preflight: actions, execute: actions, undo: [...actions, 'ec2:DisassociateAddress'] },

  async preflight(move, context) {
    const { site, address, from, to } = move;
    if (from === to) throw new StepError('same-target', `${to} is both where ${address} is and where it goes: name two`, 'mistake');
    await account(site, context);
    const now = await read(move, context);
    mayMove(move, now);
    const ec2 = await service('ec2', site, context);
    await allowed(ec2.associateAddress({ AllocationId: address, ...given(to), AllowReassociation: from !== undefined, DryRun: true }));
    return [`${now.PublicIp} (${address}) at ${site} is ${holderOf(now)}, and may be moved to ${to}.`];
  },

  async execute(move, context) {
    const now = await read(move, context);
    if (has(now, move.to)) return;
    mayMove(move, now);
    await associate(move, move.to, context);
  },

  verify: moved,

  rehearse: { none: 'A rehearsal moves no address by which clients come.' },

  async undo(move, context) {
    const { site, address, from, to } = move;
    const now = await read(move, context);
    if (!has(now, to)) return [`${now.PublicIp} (${address}) at ${site} is ${holderOf(now)}, and was not moved by this step.`];
    if (from === undefined) {
      const ec2 = await service('ec2', site, context);
      await mayChange(site, context);
      await ec2.disassociateAddress({ AssociationId: now.AssociationId }).catch((error: unknown) => {
        if (!isAws(error, 'InvalidAssociationID.NotFound')) throw error;
      });
    } else await associate({ ...move, from: to }, from, context);
    const after = await read(move, context);
    if (has(after, to)) throw new StepError('address-stays', `${now.PublicIp} at ${site} is still with ${to}`);
    return [`${after.PublicIp} (${address}) at ${site} is ${holderOf(after)} again.`];
  },
});

/** @throws StepError `no-address`. */
async function read({ site, address }: Input, context: StepContext): Promise<Address> {
  const ec2 = await service('ec2', site, context);
  const { Addresses: [found] = [] } = await ec2
    .describeAddresses({ AllocationIds: [address] })
    .catch((error: unknown) => (isAws(error, '*NotFound*') ? { Addresses: [] } : Promise.reject(error as Error)));
  if (found) return found;
  throw new StepError('no-address', `${site} (${context.aws(site).region}) has no Elastic IP address ${address}`, 'mistake');
}

/** @throws StepError `address-elsewhere`. */
function mayMove({ site, from, to }: Input, now: Address): void {
  if (has(now, to) || (from === undefined ? now.AssociationId === undefined : has(now, from))) return;
  throw new StepError(
    'address-elsewhere',
    `${now.PublicIp} at ${site} is ${holderOf(now)}, not ${from === undefined ? 'free' : `with ${from}`}: somebody moved it. Look who should have it; nothing was moved`,
    'person',
  );
}

async function associate({ site, address, from }: Input, to: string, context: StepContext): Promise<void> {
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  // Of an address that was free EC2 itself refuses to take it from anybody.
  await ec2.associateAddress({ AllocationId: address, ...given(to), AllowReassociation: from !== undefined });
}

async function moved(move: Input, context: StepContext): Promise<Outcome<z.infer<typeof output>>> {
  const now = await read(move, context);
  if (!has(now, move.to)) throw new StepError('not-moved', `${now.PublicIp} at ${move.site} is ${holderOf(now)}, not with ${move.to}`);
  return {
    outputs: { address: now.PublicIp ?? '', to: move.to },
    evidence: [`EC2 says that ${now.PublicIp} at ${move.site} is with ${move.to}.`],
  };
}

function has({ InstanceId, NetworkInterfaceId }: Address, who: string): boolean {
  return InstanceId === who || NetworkInterfaceId === who;
}

function holderOf({ AssociationId, InstanceId, NetworkInterfaceId }: Address): string {
  return AssociationId === undefined ? 'free' : `with ${InstanceId || NetworkInterfaceId}`;
}

function given(who: string): { InstanceId: string } | { NetworkInterfaceId: string } {
  return who.startsWith('eni-') ? { NetworkInterfaceId: who } : { InstanceId: who };
}
