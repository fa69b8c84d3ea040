import type { Snapshot } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { tagOf } from '../aws/tags.ts';
import type { Backup } from '../step.ts';
import { timeOf } from './find.ts';

/** Tags of the snapshots of one instance that were taken together, and of their copies. */
export const mark = {
  /** Key of the step that took them: the set's name. Copies keep it. */
  set: 'lifeboat:set',
  /** What one call made: only its snapshots are consistent with each other. */
  call: 'lifeboat:call',
  /** Which volume was attached where when they were taken; in as many tags as it takes. */
  devices: 'lifeboat:devices-',
  instance: 'lifeboat:instance',
  root: 'lifeboat:root-device',
  /** Of a copy: what it is a copy of, where that was attached, and when it was taken. */
  of: 'lifeboat:of',
  device: 'lifeboat:device',
  at: 'lifeboat:at',
} as const;

/** A snapshot, as steps hand it on. */
export const saved = z.object({
  device: z.string().describe('Where the volume was attached, as EC2 names it, such as /dev/sdf.'),
  snapshot: z.string().describe('Id of the snapshot.'),
  gigabytes: z.number().describe('Size of the volume, GiB.'),
  encrypted: z.boolean().describe('Whether it is encrypted.'),
});
export type Saved = z.infer<typeof saved>;

export function asSaved(snapshot: Snapshot): Saved {
  const { SnapshotId = '', VolumeSize = 0, Encrypted = false } = snapshot;
  return { device: deviceOf(snapshot) ?? '', snapshot: SnapshotId, gigabytes: VolumeSize, encrypted: Encrypted };
}

/** Where the volume was attached when it was taken; undefined: not told. */
export function deviceOf({ Tags = [], VolumeId = '' }: Snapshot): string | undefined {
  return tagOf(Tags, mark.device) ?? devicesIn(Tags).get(VolumeId);
}

/** When it was taken; a copy is as old as what it is a copy of. ISO time. */
export function takenAt({ Tags, StartTime }: Snapshot): string {
  return tagOf(Tags, mark.at) ?? new Date(timeOf(StartTime)).toISOString();
}

/** As the system knows it: one backup, labelled by the set's name. */
export function asBackup(set: readonly Snapshot[], store: string): Backup {
  const [first] = set;
  return {
    label: labelOf(first!),
    store,
    holds: 'volumes',
    kind: 'snapshot',
    at: set.map(takenAt).toSorted()[0]!,
    bytes: set.reduce((sum, { VolumeSize = 0 }) => sum + VolumeSize * 2 ** 30, 0),
    provenAt: null,
    compared: [],
  };
}

/** The name of the set that it belongs to; its own id, where no run took it. */
export function labelOf({ Tags, SnapshotId = '' }: Snapshot): string {
  return tagOf(Tags, mark.set) ?? SnapshotId;
}

/** Tags that a copy has from what it is a copy of: which set that is of, of which volumes. */
export function setTags({ Tags = [] }: Snapshot): { readonly [key: string]: string } {
  const kept = Tags.filter(({ Key = '' }) => Key.startsWith(mark.devices) || Key === mark.instance || Key === mark.root);
  return Object.fromEntries(kept.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Volume → device, as tags: a value takes 256 characters, a resource 50 tags. */
export function devicesAsTags(devices: ReadonlyMap<string, string>): { readonly [key: string]: string } {
  const pairs = [...devices].map(([volume, device]) => `${volume}=${device}`);
  const each = 4;
  const values = Array.from({ length: Math.ceil(pairs.length / each) }, (_, page) => pairs.slice(page * each, (page + 1) * each).join(' '));
  return Object.fromEntries(values.map((value, place) => [`${mark.devices}${place + 1}`, value]));
}

/** Volume → device, of the snapshots' tags. */
export function devicesIn(tags: Snapshot['Tags'] = []): ReadonlyMap<string, string> {
  const values = tags.flatMap(({ Key = '', Value = '' }) => (Key.startsWith(mark.devices) ? Value.split(' ') : []));
  return new Map(values.map((pair) => pair.split('=') as [string, string]));
}
