import type { CopyFacts, HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import type { Cluster } from '../postgres/backrest/cluster.ts';
import { list, must, readText, type Files } from '../postgres/backrest/files.ts';
import type { Door } from '../postgres/backrest/server.ts';
import { memberOf, postgresOf } from '../postgres/connect.ts';
import type { StepContext } from '../step.ts';
import { markerFile, markerFor, readMarker, type Marker } from '../sweep/marker.ts';
import { placeMarker } from '../sweep/scripts.ts';

export type DatabaseCopy = NonNullable<CopyFacts['postgres']>;

/** Where copies lie, as the plan of the rehearsal has it. Throws in a live run, which has none. */
export function copiesOf(context: StepContext): CopyFacts {
  const { copies } = context.system;
  if (context.run.live || copies === undefined)
    throw new StepError('rehearsal-only', 'A copy is made and looked at in a rehearsal alone.', 'mistake');
  return copies;
}

export function databaseCopyOf(name: string, context: StepContext): DatabaseCopy {
  const { postgres } = copiesOf(context);
  if (postgres?.host === name && context.host(name).copyOf !== undefined) return postgres;
  throw new StepError('not-a-copy', `${name} is no copy of this rehearsal.`, 'mistake');
}

/** A folder for what the rehearsal of this step alone restores. {@link markFolder} MUST come before anything is put into it. */
export const stepFolder = (context: StepContext): string => `${copiesOf(context).root}/${context.key.slice(0, 12)}`;

/** Where a step of a rehearsal restores a cluster. */
export const restoredIn = (context: StepContext): string => `${stepFolder(context)}/data`;

/** The folder of its own that a step of a rehearsal restores into; a live run needs none. */
export async function ownFolder(files: Files, context: StepContext): Promise<void> {
  if (!context.run.live) await markFolder(files, stepFolder(context), context);
}

/** Makes a folder under the root of copies, and says in it whose it is and until when. */
export async function markFolder(files: Files, folder: string, context: StepContext): Promise<void> {
  const { expires } = copiesOf(context);
  await context.stillOurs();
  const text = JSON.stringify(markerFor(context, expires));
  await must(files, `make ${folder}`, ['sh', '-c', placeMarker, 'lifeboat', folder, markerFile, text], context);
}

/** Folder of the copy of the database, the same for every rehearsal: there is one at a time. */
export const folderOf = (context: StepContext): string => `${copiesOf(context).root}/${context.system.name}`;

/** The cluster that is the copy. MUST lie under the root of copies. */
export function clusterOfCopy(name: string, context: StepContext): Cluster {
  const host = context.host(name);
  const facts = memberOf(host, context.system);
  const directory = facts.data[host.site];
  if (directory === undefined || !directory.startsWith(`${folderOf(context)}/`))
    throw new StepError('not-a-copy', `The data directory of ${name} (${directory ?? 'none'}) does not lie where copies lie.`, 'mistake');
  const bin = facts.bin[host.site];
  return {
    host,
    directory,
    beside: `${directory}.lifeboat`,
    database: facts.database,
    user: facts.user,
    program: (program) => (bin === undefined ? program : `${bin}/${program}`),
    ...(facts.owner === undefined ? {} : { owner: facts.owner }),
  };
}

/** Throws where something lies in the folder of the copy that another made: another step than this, or another run. Only reads. */
export async function mayTake(cluster: Cluster, whose: 'step' | 'run', context: StepContext): Promise<Marker | undefined> {
  const folder = folderOf(context);
  const [found, text] = await Promise.all([list(cluster, folder, context), readText(cluster, `${folder}/${markerFile}`, context)]);
  const marker = readMarker(text ?? '');
  const { workflowId, startedAt } = context.run;
  const isOurs = whose === 'step' ? marker?.key === context.key : marker?.run === workflowId && marker.startedAt === startedAt;
  // A marker that was not moved into its place is of an attempt that died there.
  if (isOurs || (found ?? []).every((name) => name === `${markerFile}.new`)) return marker;
  const { host } = cluster;
  if (marker === undefined)
    throw new StepError(
      'copy-there',
      `${folder} on ${host.name} is not empty, and no rehearsal made what lies there. Empty it, or name another root of copies.`,
      'person',
    );
  throw new StepError(
    'another-rehearsal',
    `A copy that another rehearsal, ${marker.run}, made lies in ${folder} on ${host.name} until ${marker.expires}. Wait until that is over; \`lifeboat sweep ${context.system.name}\` takes away what is left of one that is.`,
    'person',
  );
}

/**
 * Steps come in by the copy's own port, by the login that they have in production, and nobody else does. Throws where that has no
 * password and comes over the network: who keeps others out of production there is not known, and would not keep them out of the copy.
 */
export function doorOf(host: HostFacts, context: StepContext): Door {
  const { port, database, user, password } = postgresOf(context.system);
  if (password === undefined && host.connection !== 'local')
    throw new StepError(
      'no-password',
      `The inventory gives ${user} no password, and ${host.name} is reached over the network: whoever reaches it too could read the copy. Give that role a password, and name it under \`postgres.login\`.`,
      'person',
    );
  return { port, login: `host "${database}" "${user}" ${password === undefined ? 'samehost trust' : 'all md5'}` };
}
