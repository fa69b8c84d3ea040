import { execFile } from 'node:child_process';
import { until } from './world.ts';

export interface Command {
  readonly step: string;
  /** The site from which it is to be run. */
  readonly at: string;
  readonly run: string;
  readonly shows: string;
}

/** The commands of a checklist, as a person reads them there: what is indented deeper is another way, for where the first one fails. */
export function commandsOf(page: string): Command[] {
  return page
    .split(/^\d+\. \[ \] /mu)
    .slice(1)
    .flatMap((text) => {
      const step = /\*\*(.+?)\*\*/u.exec(text)?.[1] ?? '';
      const at = /^ {3}- From: (\S+)\./mu.exec(text)?.[1] ?? '';
      return [...text.matchAll(/^ {5}```sh\n([^]*?)\n {5}```\n {5}Must show: (.*)/gmu)].map(([, run = '', shows = '']) => ({
        step,
        at,
        run: run.trim(),
        shows,
      }));
    });
}

/**
 * Pastes a command, and looks at what it shows, for some seconds where that takes some. `shell`: the argument vector of the shell that
 * is pasted into.
 */
export async function follow({ run, shows }: Command, shell: readonly string[] = ['bash']): Promise<void> {
  let last = '';
  await until(
    async () => {
      const { code, out, problem } = await pasted(run, shell);
      last = `${out} (${code}) ${problem}`;
      if (shows.startsWith('no')) return code === 0;
      if (shows.startsWith('a greeting')) return code === 0 && out !== '' && out !== 'silent';
      return code === 0 && [...shows.matchAll(/`([^`]+)`/gu)].some(([, word]) => out === word || out.endsWith(word!));
    },
    `${run} to show ${shows}`,
    15_000,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; it showed: ${last}`);
  });
}

function pasted(run: string, [program, ...rest]: readonly string[]): Promise<{ code: number | string; out: string; problem: string }> {
  return new Promise((resolve) =>
    execFile(program!, [...rest, '-c', run], { timeout: 20_000 }, (error, out, problem) =>
      resolve({ code: error?.code ?? 0, out: out.trim(), problem: problem.trim() }),
    ),
  );
}
