import { readdirSync, readFileSync } from 'node:fs';
import { readIdentity } from '../launch.ts';
import { isAlive } from '../process.ts';
import { runFile, type FullLab } from './full-lab.ts';
import { tool, type ToolOptions } from './tool.ts';

/** The number, here, of a host's first process; null where it has no power. */
export function leaderOf(lab: FullLab, host: string): number | null {
  const nspawn = readIdentity(runFile(lab, `host-${host}`));
  if (!nspawn || !isAlive(nspawn)) return null;
  for (const child of childrenOf(nspawn.pid)) if (/^systemd(-shutdow.*)?$/.test(nameAndState(child))) return child;
  return null;
}

/** Runs a program on a host past its network and its logins, as a person at its keyboard would. Throws where it has no power. */
export async function inside(
  lab: FullLab,
  host: string,
  argv: readonly string[],
  options: ToolOptions & { as?: string } = {},
): Promise<string> {
  const leader = leaderOf(lab, host);
  if (leader === null) throw new Error(`${host} has no power.`);
  const { as, ...rest } = options;
  const who = as === undefined ? [] : ['setpriv', `--reuid=${as}`, `--regid=${as}`, '--init-groups', '--'];
  return tool(['nsenter', `--target=${leader}`, '--all', '--', ...who, ...argv], rest);
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
      .map(Number);
  }
}

function parentOf(pid: string): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

/** The name of a living process; of a zombie, nothing. */
function nameAndState(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const state = text.slice(text.lastIndexOf(')') + 2)[0];
    return state === 'Z' || state === 'X' ? '' : text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
  } catch {
    return '';
  }
}
