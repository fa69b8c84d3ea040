import type { Snapshot } from '@aws-sdk/client-ec2';
import { account } from '../aws/account.ts';
import { tag, tagOf } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import { mayBeShared } from '../rds/key.ts';
import type { StepContext } from '../step.ts';
import { snapshotsTagged } from './find.ts';
import { snapshots as kind } from './kinds.ts';
import { devicesIn, mark } from './snapshot-set.ts';

/** What is copied, and where to. */
export interface Wanted {
  readonly site: string;
  readonly from: string;
  /** Ids; either these or `set`. */
  readonly snapshots?: readonly string[] | undefined;
  readonly set?: string | undefined;
  readonly key?: string | undefined;
}

/** The snapshots that are copied, whether they are complete or not. @throws StepError `no-snapshot`. */
export async function readSources(wanted: Wanted, context: StepContext): Promise<readonly Snapshot[]> {
  const found = await findSources(wanted, context);
  if (found) return found;
  const { from, snapshots, set } = wanted;
  throw new StepError(
    'no-snapshot',
    `${from} (${context.aws(from).region}) has not all of ${snapshots?.join(', ') ?? `the set "${set}"`}: deleted, failed, or of another site or account. Take new snapshots.`,
    'person',
  );
}

/** The same; undefined where not all are there. */
export async function findSources({ from, snapshots, set }: Wanted, context: StepContext): Promise<readonly Snapshot[] | undefined> {
  if (set !== undefined) return wholeOf(await snapshotsTagged({ [mark.set]: set }, from, context));
  const found = await kind.describe(snapshots ?? [], from, context);
  const all = (snapshots ?? []).flatMap((id) => found.get(id) ?? []);
  return all.length === snapshots?.length ? all : undefined;
}

/** Throws what no retry would mend. */
export async function mayCopy({ site, from, key }: Wanted, sources: readonly Snapshot[], context: StepContext): Promise<void> {
  const failed = sources.find(({ State }) => State === 'error');
  if (failed) throw new StepError('snapshot-failed', `The snapshot ${failed.SnapshotId} at ${from} failed: take a new one.`, 'person');
  const encrypted = sources.filter(({ Encrypted }) => Encrypted);
  if (encrypted.length > 0 && key === undefined)
    throw new StepError(
      'no-key',
      `The snapshot ${encrypted[0]!.SnapshotId} at ${from} is encrypted: name a \`key\` of ${site} for the copy.`,
      'mistake',
    );
  if ((await account(site, context)) === (await account(from, context))) return;
  const keys = new Set(encrypted.flatMap(({ KmsKeyId }) => (KmsKeyId === undefined ? [] : [KmsKeyId])));
  for (const one of keys) await mayBeShared(one, from, context);
}

/** What one step made of a set, where it is all of it; the oldest such. A set may lie at a site more than once, as copies of several steps. */
function wholeOf(all: readonly Snapshot[]): readonly Snapshot[] | undefined {
  const groups = new Map<string, Snapshot[]>();
  for (const one of all) {
    const maker = `${tagOf(one.Tags, tag.key)} ${tagOf(one.Tags, mark.call)}`;
    groups.set(maker, [...(groups.get(maker) ?? []), one]);
  }
  return [...groups.values()].find(isAll);
}

/** Whether these are of all the volumes that were saved together. */
export function isAll(set: readonly Snapshot[]): boolean {
  return set.length > 0 && set.length === devicesIn(set[0]?.Tags).size && set.every(({ State }) => State !== 'error');
}
