import { randomUUID } from 'node:crypto';
import { StepError } from '../../error.ts';
import { stopJobsOf } from '../../host/jobs-of.ts';
import { run } from '../../host/run.ts';
import { restore } from '../../restic/restore.ts';
import type { Repository as Vault } from '../../restic/repository.ts';
import { ofSystem } from '../../restic/save.ts';
import { snapshotsOf, tagged, type Snapshot } from '../../restic/snapshots.ts';
import type { BackupNews, StepContext } from '../../step.ts';
import { also } from './command.ts';
import { copyOf, repositoryOf, type Repository } from './repository.ts';
import { list, removeTree, type Files } from './files.ts';

/** The copies' store as the repository's own host and owner open it: they may add, and delete nothing. */
export function vaultFrom(repository: Repository, site: string, context: StepContext): Vault {
  const store = copyOf(context.system, site);
  if (store.site === repository.host.site)
    throw new StepError(
      'same-failure-domain',
      `The store of the copies, ${store.name}, is at ${store.site}, where ${repository.store} is too: name one at another site.`,
      'mistake',
    );
  return { store, host: repository.host.name, ...(repository.owner === undefined ? {} : { as: repository.owner }) };
}

/** Tags of the copies of what one site's repository held. */
export function ofRepository(repository: Repository, context: StepContext): readonly string[] {
  return [...ofSystem(context), 'postgres', `repository=${repository.store}`];
}

/** All copies in the vault, for the workflow that keeps what is proven of them. */
export function copiesNews(store: string, snapshots: readonly Snapshot[]): BackupNews {
  const backups = snapshots.map((snapshot) => ({
    label: snapshot.id,
    store,
    holds: 'database' as const,
    kind: 'snapshot' as const,
    at: tagged(snapshot, 'until') ?? snapshot.at,
    bytes: Number(tagged(snapshot, 'bytes') ?? 0),
    provenAt: null,
    compared: [],
  }));
  return { store, holds: 'database', complete: false, backups };
}

/** A repository of pgBackRest that was brought back out of the newest copy, at the site of the copy and by that site's key alone. */
export interface BroughtBack {
  readonly repository: Repository;
  readonly snapshot: Snapshot;
  remove(): Promise<void>;
}

/** The newest copy of what a site's repository held, as the host that keeps it opens it. Only reads. */
export async function newestCopy(site: string, context: StepContext) {
  const source = repositoryOf(context.system, site);
  const vault = vaultOf(site, context);
  const { store } = vault;
  const snapshot = (await snapshotsOf(vault, ofRepository(source, context), also(store.host, context))).at(-1);
  if (snapshot) return { source, vault, snapshot };
  throw new StepError('no-copy', `${store.name} holds no copy of ${source.store}: postgres.copy makes one.`, 'mistake');
}

/** Brings the newest copy back beside the store that keeps it. The caller MUST remove it. */
export async function bringBack(site: string, within: number, context: StepContext): Promise<BroughtBack> {
  const { source, vault, snapshot } = await newestCopy(site, context);
  const { host } = vault.store;
  const owner = context.system.backups?.postgres?.stores[host.site]?.owner ?? source.owner;
  // A new place for each attempt: what a job has restored once, it does not restore again.
  const folder = `${prefixOf(context)}${randomUUID().slice(0, 8)}`;
  const remove = async (): Promise<void> => {
    for (const path of await broughtBack(vault, context)) await removeTree(filesOf(vault), path, context);
  };
  const must = async (argv: readonly string[], deadline: number): Promise<void> => {
    const options = { deadline, signal: context.signal, viewpoint: context.viewpoint, ...(vault.as === undefined ? {} : { as: vault.as }) };
    const { code, stderr } = await run(host, argv, options);
    if (code !== 0) throw new StepError('copy-not-restored', `${argv[0]} on ${host.name}: ${stderr.trim().slice(0, 300)}`, 'person');
  };
  await context.stillOurs();
  await remove();
  await must(['mkdir', '-m', '0711', '--', folder], 10_000);
  try {
    await restore(vault, snapshot, { target: folder, within }, also(host, context));
    const path = `${folder}${source.path}`;
    // Users have other numbers at another site.
    if (owner !== undefined && vault.as !== undefined) await must(['chown', '-R', '--', owner, path], 600_000);
    return { repository: { ...source, host, path, ...(owner === undefined ? {} : { owner }) }, snapshot, remove };
  } catch (error) {
    await remove().catch(() => undefined);
    throw error;
  }
}

/**
 * Takes away what attempts of this step of a rehearsal brought back and did not come to remove. It lies in no place of copies and bears
 * no marker, so that nobody else finds it.
 * @throws StepError `not-swept`.
 */
export async function sweepBroughtBack(site: string, context: StepContext): Promise<readonly string[]> {
  const vault = vaultOf(site, context);
  const { host } = vault.store;
  const there = await broughtBack(vault, context);
  if (there.length === 0) return [];
  await context.stillOurs();
  await stopJobsOf(host, context.key, context);
  for (const path of there) {
    await context.stillOurs();
    await removeTree(filesOf(vault), path, context);
  }
  const left = await broughtBack(vault, context);
  if (left.length === 0) return there.map((path) => `${path} on ${host.name} is no more.`);
  throw new StepError('not-swept', `${left.join(', ')} on ${host.name} is still there.`, 'later', 2_000);
}

/** The folders of this step of this run on the host of a vault. */
async function broughtBack(vault: Vault, context: StepContext): Promise<readonly string[]> {
  const names = (await list(filesOf(vault), places, context)) ?? [];
  return names.map((name) => `${places}/${name}`).filter((path) => path.startsWith(prefixOf(context)));
}

const places = '/var/tmp';
const prefixOf = ({ key }: StepContext): string => `${places}/lifeboat-copy-${key.slice(0, 12)}-`;

function filesOf({ store, as }: Vault): Files {
  return { host: store.host, ...(as === undefined ? {} : { owner: as }) };
}

/** The store of the copies as the host that keeps it opens it. */
function vaultOf(site: string, context: StepContext): Vault {
  const store = copyOf(context.system, site);
  return { store, host: store.host.name, ...root(store.host.connection) };
}

/** Only root may hand files to the repository's user. */
function root(connection: 'local' | 'ssh'): { readonly as?: string } {
  return connection === 'ssh' || process.getuid?.() === 0 ? { as: 'root' } : {};
}
