import type { StoreFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';

/** A store kept by restic, as one host opens it. */
export interface Repository {
  readonly store: StoreFacts;
  /** The host on which restic runs, by its name; the step's input MUST name it. */
  readonly host: string;
  /** Operating-system user as whom it runs there. */
  readonly as?: string;
}

/** The repository's place and key, as arguments: its directory on the host that keeps it, its URL on every other. */
export function opening({ store, host }: Repository): readonly string[] {
  return ['--repo', placeOf({ store, host }), '--password-file', passwordFile(store), ...options({ store, host })];
}

/** The same as the source of a copy into another repository. */
export function openingFrom({ store, host }: Repository): readonly string[] {
  return ['--from-repo', placeOf({ store, host }), '--from-password-file', passwordFile(store), ...options({ store, host })];
}

/** Whether the repository lies on the disk of the host that opens it. */
export function isKeptHere({ store, host }: Repository): boolean {
  return store.host.name === host;
}

/** The file with the password. Throws a mistake where the inventory names none. */
export function passwordFile(store: StoreFacts): string {
  if (store.passwordFile !== undefined) return store.passwordFile;
  throw new StepError(
    'no-password-file',
    `The inventory gives the store ${store.name} no \`password-file\`: restic opens nothing without.`,
    'mistake',
  );
}

function placeOf({ store, host }: Repository): string {
  if (store.tool !== 'restic')
    throw new StepError('not-restic', `The store ${store.name} is kept by ${store.tool}, not by restic.`, 'mistake');
  if (isKeptHere({ store, host })) return store.path;
  if (store.url !== undefined) return store.url;
  throw new StepError(
    'store-out-of-reach',
    `The store ${store.name} lies on ${store.host.name}, and the inventory gives no \`url\` by which ${host} reaches it.`,
    'mistake',
  );
}

function options({ store, host }: Repository): readonly string[] {
  return isKeptHere({ store, host }) ? [] : (store.options ?? []).flatMap((option) => ['--option', option]);
}
