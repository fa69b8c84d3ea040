import type { HostFacts } from '../../../plan/plan.ts';
import { StepError } from '../../error.ts';
import type { StepContext } from '../../step.ts';
import { postgresOf } from '../connect.ts';

/** A restored cluster on a host: its data, and beside them a private folder for what a harmless server needs. */
export interface Cluster {
  readonly host: HostFacts;
  readonly owner?: string;
  /** Data directory. */
  readonly directory: string;
  /** Socket, configuration, log and state: `DIRECTORY.lifeboat`. */
  readonly beside: string;
  readonly database: string;
  /** A role that the database has. */
  readonly user: string;
  /** The path of one of PostgreSQL's programs there. */
  program(name: string): string;
}

/** What a directory may be called: it stands in the options of a server, and its socket's path is short. */
export const directoryName = /^\/[A-Za-z0-9._/-]{1,79}$/;

/** A cluster in a place of its own. Throws where that is, holds or lies in the data of a member. */
export function clusterAt(name: string, directory: string, context: StepContext): Cluster {
  const host = context.host(name);
  const facts = postgresOf(context.system);
  const place = directory.replace(/\/+$/, '');
  if (!directoryName.test(place) || place.split('/').includes('..'))
    throw new StepError(
      'bad-directory',
      `"${directory}" is no path of up to 80 plain letters, digits, dots, dashes and slashes.`,
      'mistake',
    );
  for (const data of Object.values(facts.data).map((path) => path.replace(/\/+$/, '')))
    if (data === place || data.startsWith(`${place}/`) || place.startsWith(`${data}/`))
      throw new StepError(
        'over-data',
        `${place} is, holds or lies in a data directory of ${context.system.name} (${data}): a restore goes into a new place only. Name another directory.`,
        'mistake',
      );
  const bin = facts.bin[host.site];
  return {
    host,
    directory: place,
    beside: `${place}.lifeboat`,
    database: facts.database,
    user: facts.user,
    program: (program) => (bin === undefined ? program : `${bin}/${program}`),
    ...(facts.owner === undefined ? {} : { owner: facts.owner }),
  };
}
