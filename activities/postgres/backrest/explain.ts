import { StepError, type Remedy } from '../../error.ts';
import type { CommandResult } from '../../host/run.ts';

interface Cause {
  readonly test: RegExp;
  readonly code: string;
  readonly remedy: Remedy;
  readonly text: string;
  readonly delay?: number;
}

/** By what pgBackRest prints: its numbers are its own, and the same one stands for several causes. The first that fits counts. */
const causes: readonly Cause[] = [
  { test: /No space left on device|\[28\]/, code: 'disk-full', remedy: 'person', text: 'The disk is full: make room, then retry' },
  {
    test: /^ERROR: \[050\]/m,
    code: 'backup-locked',
    remedy: 'later',
    delay: 10_000,
    text: 'Another command of pgBackRest works on this stanza',
  },
  {
    test: /^ERROR: \[062\]/m,
    code: 'backup-stopped',
    remedy: 'person',
    text: 'pgBackRest was stopped there by hand: `pgbackrest start` lets it work again',
  },
  {
    test: /^ERROR: \[082\]/m,
    code: 'archive-missing',
    remedy: 'person',
    text: 'A segment of the write-ahead log did not reach the archive: see archive_command and the log of the server',
  },
  {
    test: /^ERROR: \[087\]/m,
    code: 'archive-off',
    remedy: 'person',
    text: 'The server does not archive: set archive_mode and archive_command there',
  },
  {
    test: /^ERROR: \[(046|029)\].*control version|unexpected control version/m,
    code: 'backup-wrong-version',
    remedy: 'person',
    text: 'This pgBackRest does not know the version of the server',
  },
  {
    test: /does not match pg_control timeline/,
    code: 'not-checkpointed',
    remedy: 'later',
    delay: 10_000,
    text: 'The server was promoted a moment ago and has written no checkpoint since',
  },
  {
    test: /^ERROR: \[(028|051|044|058)\]/m,
    code: 'another-cluster',
    remedy: 'person',
    text: 'The stanza belongs to another cluster, or its files were changed',
  },
  {
    test: /has a stanza-create been performed|stanza .*does not exist|missing stanza|requires option: pg1-path/,
    code: 'stanza-missing',
    remedy: 'person',
    text: 'There is no such stanza: correct `backups.postgres.stanza` in the inventory or the configuration file',
  },
  {
    test: /^ERROR: \[075\]/m,
    code: 'no-backup',
    remedy: 'mistake',
    text: 'No backup holds what was asked for',
  },
  {
    test: /^ERROR: \[056\]/m,
    code: 'no-primary',
    remedy: 'again',
    text: 'pgBackRest finds no primary that it can log in at',
  },
  {
    test: /^ERROR: \[(049|124|125)\]|remote-\d+ process|Connection (refused|timed out|closed)|Host key verification|Permission denied \(/,
    code: 'repository-unreachable',
    remedy: 'again',
    text: 'Repository and database cannot reach each other',
  },
  {
    test: /Permission denied|\[13\]/,
    code: 'repository-permission',
    remedy: 'person',
    text: 'A right is missing there: see who owns the repository',
  },
  { test: /^ERROR: \[0(3[0-7]|27)\]/m, code: 'backrest-config', remedy: 'mistake', text: 'The configuration of pgBackRest is wrong' },
];

/** What a failed command of pgBackRest means to an operator, and how it is met. */
export function explain(answer: CommandResult, command: string, host: string): StepError {
  const said = `${answer.stderr}\n${answer.stdout}`;
  const words = said
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('WARN'))
    .slice(0, 4)
    .map((line) => line.trim())
    .join(' ')
    .slice(0, 500);
  const where = `pgbackrest ${command} on ${host}`;
  const cause = causes.find(({ test }) => test.test(said));
  if (!cause) return new StepError('backrest-failed', `${where} failed (exit code ${answer.code}): ${words || 'it said nothing'}.`);
  return new StepError(cause.code, `${where}: ${cause.text}. It says: ${words}`, cause.remedy, cause.delay);
}
