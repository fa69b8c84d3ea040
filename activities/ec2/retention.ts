import { tag, tagOf } from '../aws/tags.ts';
import type { Backup } from '../step.ts';
import type { Made } from './leftovers.ts';
import { mark } from './snapshot-set.ts';

/** A backup at a site: snapshots that were taken together, one snapshot of a database, or an image with its snapshots. */
export interface Saved {
  readonly label: string;
  readonly holds: Backup['holds'] | 'image';
  /** What it is of: only what is of the same counts against each other. */
  readonly of: string;
  /** ISO time. */
  readonly at: string;
  readonly parts: readonly Made[];
}

/** The backups among what was made, oldest first. Pure. */
export function savedOf(made: readonly Made[]): readonly Saved[] {
  const all = new Map<string, Saved>();
  for (const one of made) {
    const saved = backupOf(one, made);
    if (!saved) continue;
    const key = `${saved.holds} ${saved.label}`;
    const before = all.get(key);
    all.set(key, before ? { ...saved, at: before.at < saved.at ? before.at : saved.at, parts: [...before.parts, one] } : saved);
  }
  return [...all.values()].toSorted((one, other) => one.at.localeCompare(other.at));
}

/**
 * Backups whose days are over, but of each thing the newest `keep`. What is not complete protects nothing, and is no more
 * protected than others. Pure.
 */
export function expired(all: readonly Saved[], keep: number, now: number): readonly Saved[] {
  const kept = new Set(byThing(all).flatMap((sound) => sound.slice(-keep)));
  return all.filter((one) => !kept.has(one) && one.parts.every((part) => isOver(part, now)));
}

/** Of each thing the last proven backup: nothing ever takes it away. Pure. */
export function lastProven(all: readonly Saved[], known: readonly Backup[]): readonly Saved[] {
  return byThing(all).flatMap((sound) => sound.findLast((one) => isProven(one, known)) ?? []);
}

/** Complete backups of each thing, oldest first. */
function byThing(all: readonly Saved[]): readonly (readonly Saved[])[] {
  const sound = all.filter(({ parts }) => parts.every((part) => part.sound));
  return [...new Set(sound.map((one) => one.of))].map((of) => sound.filter((one) => one.of === of));
}

/** Whether it, or a copy of it elsewhere, was restored and compared: a copy keeps the time of what it copies. */
export function isProven({ label, holds, at }: Saved, known: readonly Backup[]): boolean {
  return known.some((one) => one.provenAt !== null && one.holds === holds && (one.label === label || one.at === at));
}

/** Whether the time for which it is to be kept is over. */
export function isOver({ tags }: Made, now: number): boolean {
  const until = Date.parse(tagOf(tags, tag.expires) ?? '');
  return !Number.isNaN(until) && until < now;
}

function backupOf(one: Made, made: readonly Made[]): Saved | undefined {
  const at = new Date(one.at).toISOString();
  const step = `${tagOf(one.tags, tag.step)}`;
  if (one.kind === 'image') return { label: one.id, holds: 'image', of: `image of ${step}`, at, parts: [one] };
  if (one.kind === 'database-snapshot') return { label: one.id, holds: 'database', of: `database ${one.of}`, at, parts: [one] };
  if (one.kind !== 'snapshot') return undefined;
  const image = made.find(({ kind, id }) => kind === 'image' && one.usedBy.includes(id));
  if (image) return { label: image.id, holds: 'image', of: `image of ${step}`, at: new Date(image.at).toISOString(), parts: [one] };
  const label = tagOf(one.tags, mark.set) ?? one.id;
  const of = tagOf(one.tags, mark.instance) ?? step;
  return { label, holds: 'volumes', of: `volumes of ${of}`, at: tagOf(one.tags, mark.at) ?? at, parts: [one] };
}
