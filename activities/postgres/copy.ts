import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { ensure } from '../restic/ensure.ts';
import { ofStep, save, savedBefore } from '../restic/save.ts';
import { snapshotsOf } from '../restic/snapshots.ts';
import { step, type StepContext } from '../step.ts';
import { also } from './backrest/command.ts';
import { copiesNews, ofRepository, vaultFrom } from './backrest/copies.ts';
import { restorePatience } from './backrest/given.ts';
import { readInfo, stoppedAt } from './backrest/info.ts';
import { repositoryOf } from './backrest/repository.ts';

const input = z.object({ host: hostName('The host of the member whose site took the backups, by its name in the inventory.') });

export default step({
  name: 'postgres.copy',
  summary:
    "Copies the whole repository of a site into the store of another failure domain, which production's own credentials cannot delete from.",
  effect: 'change',
  expected: 30_000,
  timeout: '12 hours',
  retry: { times: 5, wait: '30 seconds' },
  input,
  output: z.object({
    snapshot: z.string().describe('The short name that restic gave the copy, 8 hexadecimal digits.'),
    store: z.string().describe('The store that the copy lies in, by its name in the inventory.'),
    site: z.string().describe('The site at which that store is.'),
    label: z.string().describe('The newest backup that the copy holds.'),
  }),
  example: { host: 'a-db' },
  permissions: [
    "Running restic and flock on the repository's host as its owner, with the password file of the store.",
    'A login from there at the store that can add; it needs no right to delete, and should have none: store.check proves it.',
  ],

  async preflight(wanted, context) {
    const { repository, vault } = places(wanted.host, context);
    const info = await readInfo(repository, context);
    const newest = info.backup.at(-1);
    return [
      `${repository.store} holds ${info.backup.length} backups${newest ? `, the newest of ${stoppedAt(newest)}` : ''}; they are copied into ${vault.store.name} at ${vault.store.site}.`,
    ];
  },

  async execute({ host }, context) {
    const { repository, vault } = places(host, context);
    const near = also(repository.host, context);
    await ensure(vault, near);
    if (await savedBefore(vault, near)) return;
    const { newest, info } = await still(host, context);
    const bytes = info.backup.reduce((sum, one) => sum + one.info.repository.delta, 0);
    const tags = ['postgres', `repository=${repository.store}`, `label=${newest.label}`, `until=${stoppedAt(newest)}`, `bytes=${bytes}`];
    await save(vault, { paths: [repository.path], tags, within: restorePatience }, near);
    await still(host, context);
  },

  async verify({ host }, context) {
    const { repository, vault } = places(host, context);
    const all = await snapshotsOf(vault, ofRepository(repository, context), also(repository.host, context));
    const made = all.find(({ tags }) => tags.includes(ofStep(context)));
    if (!made) throw new StepError('copy-not-made', `${vault.store.name} holds no copy of ${repository.store} that this step made.`);
    const label = made.tags.find((tag) => tag.startsWith('label='))?.slice(6) ?? '';
    return {
      outputs: { snapshot: made.id, store: vault.store.name, site: vault.store.site, label },
      backups: [copiesNews(vault.store.name, all)],
      evidence: [
        `${vault.store.name} at ${vault.store.site} lists snapshot ${made.id} of ${repository.store}, which holds backup ${label}.`,
      ],
    };
  },

  rehearse: { none: 'A rehearsal copies nothing of production.' },
  undo: { none: 'A copy harms nobody, and production has no right to take it away.' },
});

function places(host: string, context: StepContext) {
  const { site } = context.host(host);
  const repository = repositoryOf(context.system, site);
  return { repository, vault: vaultFrom(repository, site, context) };
}

/** What the repository holds while nobody changes it: a copy of one that is being changed may lack what its list names. */
async function still(host: string, context: StepContext) {
  const { repository } = places(host, context);
  const info = await readInfo(repository, context);
  const newest = info.backup.at(-1);
  if (!newest) throw new StepError('no-backup', `${repository.store} holds no backup to copy.`, 'mistake');
  if (info.status.lock?.backup.held === true)
    throw new StepError('backup-locked', `A backup is being made in ${repository.store}: it is copied after it.`, 'later', 10_000);
  return { info, newest };
}
