import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { jobBefore } from '../host/job.ts';
import { beating } from '../note.ts';
import { step, type StepContext } from '../step.ts';
import { also, ask, work } from './backrest/command.ts';
import { counts, countRows, inWords, type Counts } from './backrest/counts.ts';
import { explain } from './backrest/explain.ts';
import { hasStanza, kindOf, news, readInfo, stoppedAt, type Info, type Saved } from './backrest/info.ts';
import { archives, ensureStanza } from './backrest/stanza.ts';
import { checkpointed } from './backrest/checkpointed.ts';
import { countsOf, mark } from './backrest/marks.ts';
import { mustBeWhole } from './backrest/whole.ts';
import { repositoryOf, type Repository } from './backrest/repository.ts';
import { onMember } from './connect.ts';
import { readMember, type Member } from './member.ts';

/** Counting all tables, and the backup itself, milliseconds. */
const patience = { count: 30 * 60_000, backup: 12 * 3_600_000 };

const types = { full: 'full', differential: 'diff', incremental: 'incr' } as const;

export default step({
  name: 'postgres.backup',
  summary: 'Backs a primary up into the store of its site, and believes only what the repository says afterwards.',
  effect: 'change',
  expected: 10_000,
  timeout: '12 hours',
  retry: { times: 2, wait: '10 seconds' },
  input: z.object({
    host: hostName('The host of the primary, by its name in the inventory.'),
    type: z
      .enum(['full', 'differential', 'incremental'])
      .describe('How much is saved: everything, what changed since the last full backup, or since the last of any.')
      .default('incremental'),
  }),
  output: z.object({
    label: z.string().describe('The name that pgBackRest gave the backup.'),
    store: z.string().describe('The store that it lies in, by its name in the inventory.'),
    kind: z.string().describe('What was made: `full`, `differential` or `incremental`; the first of a store is always full.'),
    started: z.string().describe('When it began, ISO time.'),
    'recovery-point': z.string().describe('Up to when it holds the data, ISO time.'),
    bytes: z.number().describe('Size of the database that it restores, bytes.'),
    stored: z.number().describe('What it took in the store, bytes.'),
    before: counts.describe('Rows by table just before it.'),
    after: counts.describe('Rows by table just after it.'),
  }),
  example: { host: 'a-db', type: 'full' as const },
  permissions: [
    'The right to run pgbackrest as the owner of the repository on its host, and from there on the host of the database.',
    'A PostgreSQL login at the primary that may read every user table (pg_read_all_data, pg_monitor).',
    'The role pg_checkpoint there, for the first backup after a promotion.',
  ],

  async preflight({ host: name }, context) {
    const repository = repositoryOf(context.system, context.host(name).site);
    const [info, server] = await Promise.all([readInfo(repository, context), primary(name, context)]);
    const held = info.status.lock?.backup.held === true;
    return [
      `PostgreSQL ${server.member.version} on ${name} is a primary and archives.`,
      hasStanza(info)
        ? `The store ${repository.store} has ${info.backup.length} backups of ${repository.stanza}.`
        : `The store ${repository.store} has no stanza ${repository.stanza} yet: it will be made.`,
      ...(held ? [`A backup of ${repository.stanza} is being made there now.`] : []),
    ];
  },

  async execute({ host: name, type }, context) {
    const repository = repositoryOf(context.system, context.host(name).site);
    const server = await primary(name, context);
    await beating(context, earlierIsOver(repository, context));
    const known = made(await readInfo(repository, context), context);
    if (known?.annotation[mark.after] !== undefined) return;
    if (!known) {
      await context.stillOurs();
      await ensureStanza(repository, server.member, context);
      await context.stillOurs();
      await checkpointed(context.host(name), context);
      await ask(repository, 'check', ['--archive-timeout=60'], context, 90_000);
      const before = await rows(name, context);
      await context.stillOurs();
      const options = [
        `--type=${types[type]}`,
        ...['--repo=1', '--start-fast', '--no-expire-auto', '--stop-auto'],
        `--annotation=${mark.key}=${context.key}`,
        `--annotation=${mark.before}=${JSON.stringify(before)}`,
      ];
      const answer = await work(repository, 'backup', { name: 'backup', options, within: patience.backup }, context);
      if (!made(await readInfo(repository, context), context)) throw explain(answer, 'backup', repository.host.name);
    }
    const after = await rows(name, context);
    const backup = made(await readInfo(repository, context), context);
    if (!backup) throw gone(repository);
    await context.stillOurs();
    await ask(
      repository,
      'annotate',
      ['--repo=1', `--set=${backup.label}`, `--annotation=${mark.after}=${JSON.stringify(after)}`],
      context,
    );
  },

  async verify({ host: name }, context) {
    const repository = repositoryOf(context.system, context.host(name).site);
    const [info, server] = await Promise.all([readInfo(repository, context), primary(name, context)]);
    const backup = made(info, context);
    if (!backup) throw gone(repository);
    await mustBeWhole(backup, info, server.member, repository, context);
    const { before, after } = countsOf(backup);
    return {
      outputs: {
        label: backup.label,
        store: repository.store,
        kind: kindOf(backup),
        started: new Date(backup.timestamp.start * 1_000).toISOString(),
        'recovery-point': stoppedAt(backup),
        bytes: backup.info.size,
        stored: backup.info.repository.delta,
        before,
        after,
      },
      backups: [news(info, repository.store)],
      evidence: [
        `The store ${repository.store} lists ${kindOf(backup)} backup ${backup.label} of ${backup.info.size} bytes, without errors, up to ${stoppedAt(backup)}; it is not proven yet.`,
        `Its write-ahead log from ${backup.archive.start} to ${backup.archive.stop} is in the archive.`,
        `Rows just before it: ${inWords(before)}.`,
      ],
    };
  },

  rehearse: { none: 'A rehearsal makes no backup of production; a scheduled backup is its own proof once it was restored elsewhere.' },
  undo: { none: 'A backup that was made is kept: postgres.expire removes the oldest by name.' },
});

/** The backup that an attempt of this step made. */
function made(info: Info, context: StepContext): Saved | undefined {
  return info.backup.findLast(({ annotation }) => annotation[mark.key] === context.key);
}

/** A backup that an earlier attempt began goes on without it, and is adopted once it has ended. */
async function earlierIsOver({ host }: Repository, context: StepContext): Promise<void> {
  while ((await jobBefore(host.name, 'backup', also(host, context)))?.state === 'running') await context.sleep(1_000);
}

async function primary(name: string, context: StepContext): Promise<{ readonly member: Member }> {
  const host = context.host(name);
  return onMember(host, context.system, context, async (query) => {
    const member = await readMember(query, host, context.system);
    if (member.recovering && !context.earlier.promoted.includes(name))
      throw new StepError(
        'not-primary',
        `PostgreSQL on ${name} is a standby: backups follow the site that serves. Back up the primary.`,
        'mistake',
      );
    await archives(query, name);
    return { member };
  });
}

function rows(name: string, context: StepContext): Promise<Counts> {
  return onMember(context.host(name), context.system, context, (query) => beating(context, countRows(query, patience.count)));
}

function gone(repository: Repository): StepError {
  return new StepError('no-backup', `${repository.store} lists no backup that this step made.`);
}
