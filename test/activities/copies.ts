import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StepContext } from '../../activities/step.ts';
import { hostSweeper } from '../../activities/sweep/hosts.ts';
import type { SweepContext } from '../../activities/sweep/sweeper.ts';
import { copiesOf, hostOf, secret } from '../../lab/lab.ts';
import type { CopyFacts, HostFacts, SystemFacts } from '../../plan/plan.ts';
import { query } from '../query.ts';
import { context, until, type Estate } from './estate.ts';

/** The facts that a rehearsal's plan has of the practice estate, whose standby b-db it copies. */
export interface Rehearsed {
  readonly system: SystemFacts;
  readonly hosts: { readonly [name: string]: HostFacts };
  /** Under which every copy lies, and the one of the database. */
  readonly root: string;
  readonly directory: string;
  readonly port: number;
}

export function rehearsed(at: Estate, from: NonNullable<CopyFacts['postgres']>['from'] = 'member'): Rehearsed {
  const root = copiesOf(at.lab, 'b-db');
  const directory = `${root}/orders/database`;
  const port = hostOf(at.lab, 'b-db').copy;
  const original = at.system.postgres!;
  const { power: _, ...machine } = at.hosts['b-db']!;
  const copy: HostFacts = { ...machine, name: 'copy-of-b-db', copyOf: 'b-db' };
  return {
    root,
    directory,
    port,
    hosts: { ...at.hosts, 'copy-of-b-db': copy },
    system: {
      ...at.system,
      postgres: {
        ...original,
        members: { ...original.members, 'site-b': copy.name },
        port,
        data: { ...original.data, 'site-b': directory },
        service: {},
      },
      copies: {
        root,
        expires: 3_600_000,
        inService: { postgres: original },
        postgres: { host: copy.name, of: 'b-db', original, from },
      },
    },
  };
}

/** One question to the copy, as steps ask it. */
export const askCopy = <Row extends object>(at: Estate, text: string): Promise<Row[]> =>
  query<Row>({ port: hostOf(at.lab, 'b-db').copy, user: 'lifeboat', password: secret(at.lab, 'lifeboat'), database: 'orders' }, text);

/** Takes away whatever any rehearsal left, as a sweep does. */
export async function sweepAll(at: Estate): Promise<void> {
  const { root, hosts } = rehearsed(at);
  await sweepBelow(root, hosts['copy-of-b-db']!, at.lab.user?.name, context(at, { live: false }));
}

/** The same for one folder of one host, until nothing of it is there. */
export async function sweepBelow(root: string, host: HostFacts, user: string | undefined, step: StepContext): Promise<void> {
  const sweep: SweepContext = {
    ...step,
    site: host.site,
    place: { folders: [{ host, root, ...(user === undefined ? {} : { user }) }] },
    sleep: (milliseconds) => sleep(milliseconds),
  };
  await hostSweeper.remove(await hostSweeper.find(sweep), sweep);
  await until(
    'the copies to be gone',
    async () => (await hostSweeper.find(sweep)).length === 0 && !existsSync(`${root}/${step.system.name}`),
  );
}
