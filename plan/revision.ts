import { execFile } from 'node:child_process';

/** The git revision that a folder is at, with `+` where its files were changed since; undefined where git knows nothing of it. Never fails. */
export async function revisionOf(folder: string, deadline = 2_000): Promise<string | undefined> {
  const [revision, status] = await Promise.all([
    git(folder, deadline, ['rev-parse', '--short=12', 'HEAD']),
    git(folder, deadline, ['status', '--porcelain', '--untracked-files=all', '--', '.']),
  ]);
  if (revision === undefined || !/^[0-9a-f]+$/.test(revision)) return undefined;
  return status === '' ? revision : `${revision}+`;
}

function git(folder: string, deadline: number, args: readonly string[]): Promise<string | undefined> {
  // A lock taken here could disturb a person who commits at the same moment.
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' };
  return new Promise((done) => {
    try {
      execFile(
        'git',
        ['-C', folder, ...args],
        { timeout: deadline, killSignal: 'SIGKILL', env, maxBuffer: 16 * 1024 * 1024 },
        (error, out) => done(error === null ? out.trim() : undefined),
      );
    } catch {
      done(undefined);
    }
  });
}
