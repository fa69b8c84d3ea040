import type { HostFacts, StoreFacts, SystemFacts } from '../../../plan/plan.ts';
import { endpoint } from '../../endpoint.ts';
import { StepError } from '../../error.ts';

/** A repository of pgBackRest, as the commands need it. */
export interface Repository {
  /** The store's name in the inventory. */
  readonly store: string;
  /** The host whose disk it is on. */
  readonly host: HostFacts;
  readonly path: string;
  /** Operating-system user there who owns it. */
  readonly owner?: string;
  readonly stanza: string;
  /** Path of the configuration file, on every host. */
  readonly config: string;
}

/** The repository of the backups that are taken while a site serves. */
export function repositoryOf(system: SystemFacts, site: string): Repository {
  const { stanza, config, stores } = backupsOf(system);
  const store = Object.hasOwn(stores, site) ? stores[site] : undefined;
  if (store?.tool === 'pgbackrest') return { ...at(store), stanza, config };
  throw new StepError(
    'no-store',
    `The inventory names no store of pgBackRest for ${system.name} while ${site} serves: add \`backups.postgres.stores.${site}\`.`,
    'mistake',
  );
}

/** The store, in another failure domain, that the backups taken while a site serves are copied into. */
export function copyOf(system: SystemFacts, site: string): StoreFacts {
  const { copies } = backupsOf(system);
  const store = Object.hasOwn(copies, site) ? copies[site] : undefined;
  if (store?.tool === 'restic') return store;
  throw new StepError(
    'no-copy',
    `The inventory names no store of restic for the copies of ${system.name} while ${site} serves: add \`backups.postgres.copies.${site}\`.`,
    'mistake',
  );
}

/** How a command on a host reaches the repository, whatever the configuration file there says. */
export function reached(repository: Repository, from: HostFacts): readonly string[] {
  const options = ['--repo=1', `--repo1-path=${repository.path}`];
  if (oneMachine(repository.host, from)) return [...options, '--reset-repo1-host'];
  const where = endpoint(repository.host, repository.host.ssh?.port ?? 22, from.site);
  return [
    ...options,
    `--repo1-host=${where.address}`,
    `--repo1-host-port=${where.port}`,
    `--repo1-host-config=${repository.config}`,
    ...(repository.owner === undefined ? [] : [`--repo1-host-user=${repository.owner}`]),
  ];
}

/** Hosts with `connection: local` are all the worker's own machine. */
function oneMachine(one: HostFacts, other: HostFacts): boolean {
  return one.name === other.name || (one.connection === 'local' && other.connection === 'local');
}

function at({ name, host, path, owner }: StoreFacts): Pick<Repository, 'store' | 'host' | 'path' | 'owner'> {
  return { store: name, host, path, ...(owner === undefined ? {} : { owner }) };
}

function backupsOf(system: SystemFacts) {
  const backups = system.backups?.postgres;
  if (backups) return backups;
  throw new StepError('no-backups', `The inventory gives ${system.name} no \`backups.postgres\`, which this step needs.`, 'mistake');
}
