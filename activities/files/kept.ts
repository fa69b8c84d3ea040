import type { BackupFacts, StoreFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { isKeptHere, type Repository } from '../restic/repository.ts';
import { asRoot } from '../host/rights.ts';
import type { StepContext } from '../step.ts';

type FilesFacts = NonNullable<BackupFacts['files']>;

/** How the system's files are backed up. Throws a mistake where the inventory does not say. */
export function filesOf(context: StepContext): FilesFacts {
  const files = context.system.backups?.files;
  if (files) return files;
  throw new StepError('no-files', `The inventory gives ${context.system.name} no \`backups.files\`.`, 'mistake');
}

/** The store of the backups that a host saves, as that host opens it. */
export function storeOf(host: string, context: StepContext): Repository {
  return opened(bySite(filesOf(context).stores, host, 'stores', context), host, context);
}

/** The store of the copies of what a host saves, as that host opens it. */
export function copiesOf(host: string, context: StepContext): Repository {
  return opened(bySite(filesOf(context).copies, host, 'copies', context), host, context);
}

/** A store of the system by its name, else the nearest to a host of those of the source: the one that it keeps, or has at its site. */
export function readable(name: string | undefined, host: string, context: StepContext): Repository {
  const { stores, copies } = filesOf(context);
  const { site } = context.source;
  const all = [copies[site], stores[site], ...Object.values(copies), ...Object.values(stores)].filter((store) => store !== undefined);
  if (name !== undefined) return opened(named(name, context), host, context);
  const near =
    all.find((store) => isKeptHere({ store, host }) || isCopyBeside(store, host, context)) ??
    all.find(({ site }) => site === context.host(host).site);
  if (near) return opened(near, host, context);
  throw new StepError(
    'no-store',
    `No store of ${context.system.name}'s files is at the site of ${host}: name one by \`store\`.`,
    'mistake',
  );
}

/** Any restic store of the system by its name. */
export function named(name: string, context: StepContext): StoreFacts {
  const { files, postgres } = context.system.backups ?? {};
  const all = [files?.stores, files?.copies, postgres?.copies].flatMap((stores) => Object.values(stores ?? {}));
  const found = all.find((store) => store.name === name);
  if (found) return found;
  const names = [...new Set(all.map((store) => store.name))].join(', ') || 'none';
  throw new StepError('no-store', `The inventory gives ${context.system.name} no restic store "${name}". It has: ${names}.`, 'mistake');
}

/** The same repository for work on itself alone: on the host that keeps it as its owner, so that its files stay the owner's. */
export function ownerOf(repository: Repository): Repository {
  const { store, host, as } = repository;
  const user = isKeptHere(repository) ? (store.owner ?? as) : as;
  return { store, host, ...(user === undefined ? {} : { as: user }) };
}

/** As the user who may read and write the system's files. */
export function opened(kept: StoreFacts, host: string, context: StepContext): Repository {
  const store = isCopyBeside(kept, host, context) ? { ...kept, host: context.host(host) } : kept;
  return { store, host, ...asRoot(context.host(host)), ...userOf({ as: context.system.backups?.files?.user }) };
}

/** Whether that is a rehearsal's name for the very machine that keeps the store. */
function isCopyBeside({ host: keeper }: StoreFacts, name: string, context: StepContext): boolean {
  const { copyOf, views } = context.host(name);
  return copyOf === keeper.name && views.default?.address === keeper.views.default?.address;
}

function bySite(stores: FilesFacts['stores'], host: string, where: string, context: StepContext): StoreFacts {
  const { hosts } = filesOf(context);
  const site = Object.keys(hosts).find((name) => hosts[name] === host) ?? context.host(host).site;
  const store = stores[site];
  if (store) return store;
  throw new StepError('no-store', `The inventory gives ${context.system.name} no \`backups.files.${where}\` for ${site}.`, 'mistake');
}

/** The user as whom a command runs, as its options take it. */
export function userOf({ as }: { readonly as?: string | undefined }): { readonly as?: string } {
  return as === undefined ? {} : { as };
}
