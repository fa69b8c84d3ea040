import { StepError, type Remedy } from '../error.ts';
import type { CommandResult } from '../host/run.ts';
import type { Repository } from './repository.ts';

interface Cause {
  readonly code: string;
  /** restic's exit code from release 0.17 on; before, only its text tells. */
  readonly exit?: number;
  readonly text: RegExp;
  readonly remedy: Remedy;
  readonly delay?: number;
  readonly say: (where: string) => string;
}

/** The first that fits is the cause: a message about one of them often quotes another behind it. */
const causes: readonly Cause[] = [
  {
    code: 'store-password',
    exit: 12,
    text: /wrong password or no key found|an empty password is not a password/,
    remedy: 'person',
    say: (where) => `The password that is kept for ${where} does not open it.`,
  },
  {
    code: 'store-password-file',
    text: /Resolving password failed/,
    remedy: 'person',
    say: (where) => `The file with the password of ${where} is not there, or may not be read.`,
  },
  {
    code: 'store-locked',
    exit: 11,
    text: /already locked/,
    remedy: 'later',
    delay: 15_000,
    say: (where) => `Somebody else works on ${where}, and holds its lock.`,
  },
  {
    code: 'store-login',
    text: /Host key verification failed|Permission denied \((?:publickey|password|keyboard)/,
    remedy: 'person',
    say: (where) => `The login at the host of ${where} was refused, or its host key is not the known one.`,
  },
  {
    code: 'disk-full',
    text: /no space left on device|disk quota exceeded|Insufficient Storage/i,
    remedy: 'person',
    say: (where) => `A disk is full while working with ${where}.`,
  },
  {
    code: 'store-refused',
    text: /403 Forbidden|405 Method Not Allowed|AccessDenied|operation not permitted/i,
    remedy: 'person',
    say: (where) => `${capital(where)} refused it.`,
  },
  { code: 'store-permission', text: /permission denied/i, remedy: 'person', say: (where) => `This user may not read or write ${where}.` },
  {
    code: 'store-missing',
    exit: 10,
    text: /(?:no such file or directory|does not exist|404)[\s\S]*Is there a repository at the following location/,
    remedy: 'person',
    say: (where) => `There is no restic repository at ${where}.`,
  },
  {
    code: 'backup-corrupt',
    text: /ciphertext verification failed|hash mismatch|invalid data returned|does not match id|is damaged|no such blob|blob .*not found|unexpected pack size|Pack ID does not match/i,
    remedy: 'person',
    say: (where) => `What is read from ${where} is damaged.`,
  },
  {
    code: 'snapshot-missing',
    text: /no matching ID found|no snapshot found|snapshot .* not found/i,
    remedy: 'person',
    say: (where) => `The snapshot is not in ${where}.`,
  },
  {
    code: 'store-unreachable',
    text: /error talking HTTP to rclone|unable to open repository|connection (?:refused|reset|closed)|timed? ?out|unexpected EOF|no route to host|broken pipe|error connecting/i,
    remedy: 'later',
    delay: 5_000,
    say: (where) => `${capital(where)} cannot be reached.`,
  },
];

/** Why restic ended as it did: by its exit code where that tells, else by its words. */
export function explain(answer: CommandResult, { store, host }: Repository): StepError {
  const said = `${answer.stderr}\n${answer.stdout}`;
  const where = `the store ${store.name} (on ${store.host.name}, opened from ${host})`;
  const cause = causes.find(({ exit, text }) => (exit !== undefined && answer.code === exit) || text.test(said));
  const words = lastWords(answer);
  if (cause) return new StepError(cause.code, `${cause.say(where)} restic says: ${words}`, cause.remedy, cause.delay);
  return new StepError('restic-failed', `restic failed on ${where}, exit code ${answer.code}: ${words}`);
}

/** The end of what it said, on one line: the stack of a Go program left out. */
export function lastWords({ stderr, stdout }: CommandResult): string {
  const lines = (stderr.trim() || stdout.trim())
    .split('\n')
    .filter((line) => line.trim() && !/^(?:\s|main\.|runtime\.|github\.com\/|golang\.org\/|rclone: .*NOTICE)/.test(line));
  return lines.slice(-4).join(' | ').slice(-600) || 'nothing.';
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
