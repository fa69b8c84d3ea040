import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { step, type Backup, type StepContext } from '../step.ts';
import { work } from './backrest/command.ts';
import { explain } from './backrest/explain.ts';
import { chainOf, hasStanza, news, readInfo, type Info, type Saved } from './backrest/info.ts';
import { repositoryOf, type Repository } from './backrest/repository.ts';

/** pgBackRest expires by count whenever it expires by name, unless the count is never reached. */
const never = 9_999_999;

const input = z.object({
  host: hostName('The host of the member whose site keeps the store, by its name in the inventory.'),
  keep: z.int().min(1).max(1_000).describe('How many full backups are kept at the least, with what stands on them; a number.'),
});

export default step({
  name: 'postgres.expire',
  summary: 'Removes the oldest backups of a store by name, and never the newest, nor the last proven one, nor what that one needs.',
  effect: 'change',
  expected: 2_000,
  timeout: '2 hours',
  retry: { times: 2, wait: '10 seconds' },
  input,
  output: z.object({
    kept: z.array(z.string().describe('A label.')).describe('Labels of the backups that are there, oldest first.'),
    proven: z.string().nullable().describe('Label of the last proven backup that is there; null: none is proven.'),
  }),
  example: { host: 'a-db', keep: 7 },
  permissions: ['The right to run pgbackrest as the owner of the repository on its host.'],

  async preflight(wanted, context) {
    const { info, repository } = await read(wanted, context);
    const doomed = expiring(info, wanted.keep, await known(repository, context));
    return [
      doomed.length === 0
        ? `The store ${repository.store} has ${info.backup.length} backups, and none is too many.`
        : `Of ${info.backup.length} backups in ${repository.store}, ${doomed.map(({ label }) => label).join(', ')} will be removed, with what stands on them.`,
    ];
  },

  async execute(wanted, context) {
    for (;;) {
      const { info, repository } = await read(wanted, context);
      // Read anew for each: somebody may have proven another one meanwhile.
      const [oldest] = expiring(info, wanted.keep, await known(repository, context));
      if (!oldest) return;
      await context.stillOurs();
      await expire(oldest, info, repository, context);
    }
  },

  async verify(wanted, context) {
    const { info, repository } = await read(wanted, context);
    const proven = await known(repository, context);
    const left = expiring(info, wanted.keep, proven);
    if (left.length > 0) throw new StepError('not-expired', `${left[0]!.label} is still in ${repository.store}.`);
    const kept = info.backup.map(({ label }) => label);
    const last = lastProven(info, proven);
    return {
      outputs: { kept, proven: last?.label ?? null },
      backups: [news(info, repository.store)],
      evidence: [
        `The store ${repository.store} has ${kept.length} backups; ${last ? `the last proven one is ${last.label}` : 'none is proven'}.`,
      ],
    };
  },

  rehearse: { none: 'A rehearsal removes no backup.' },
  undo: { none: 'A backup that was removed cannot be brought back.' },
});

async function read({ host }: z.infer<typeof input>, context: StepContext) {
  const repository = repositoryOf(context.system, context.host(host).site);
  const info = await readInfo(repository, context);
  if (hasStanza(info)) return { repository, info };
  throw new StepError('stanza-missing', `The store ${repository.store} has no stanza ${repository.stanza}.`, 'mistake');
}

async function known({ store }: Repository, context: StepContext): Promise<readonly Backup[]> {
  return (await context.backups()).filter((backup) => backup.store === store && backup.provenAt !== null);
}

function lastProven(info: Info, proven: readonly Backup[]): Saved | undefined {
  return info.backup.findLast(({ label }) => proven.some((one) => one.label === label));
}

/** Full backups that go, oldest first. What stands on one goes with it. */
function expiring(info: Info, keep: number, proven: readonly Backup[]): readonly Saved[] {
  const full = info.backup.filter(({ type }) => type === 'full');
  const [newest, last] = [info.backup.at(-1), lastProven(info, proven)];
  const needed = new Set([newest, last].flatMap((one) => (one ? chainOf(one) : [])));
  // One with an error is no backup to count on.
  const sound = full.filter(({ error }) => error !== true).slice(-keep);
  return full.filter((one) => !sound.includes(one) && !needed.has(one.label));
}

async function expire({ label }: Saved, info: Info, repository: Repository, context: StepContext): Promise<void> {
  const left = info.backup.filter(({ type }) => type === 'full').length - 1;
  const options = ['--repo=1', `--set=${label}`, `--repo1-retention-full=${never}`, `--repo1-retention-archive=${Math.max(left, 1)}`];
  const name = `expire-${label.toLowerCase()}`;
  const answer = await work(repository, 'expire', { name, options, within: 3_600_000 }, context);
  if ((await readInfo(repository, context)).backup.some((one) => one.label === label))
    throw explain(answer, 'expire', repository.host.name);
}
