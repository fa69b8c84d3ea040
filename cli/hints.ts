import { basename, relative } from 'node:path';
import type { Choice } from '../record/journal.ts';

/** How the commands that we print must begin and end, so that they can be copied into another terminal as they are. */
export interface Hints {
  readonly command: string;
  /** Options to add to a decision, such as `--as alice@example.com`. */
  readonly decide?: string;
}

/** How this program was called. */
export function hints(): Hints {
  const script = process.argv[1] ?? 'lifeboat';
  if (basename(script) === 'lifeboat') return { command: 'lifeboat' };
  const path = relative(process.cwd(), script);
  return { command: `node ${path.startsWith('..') ? script : path}` };
}

/** The command that makes a choice. */
export function decisionCommand(to: Hints, choice: Choice, run: string, step: string | null, reason: boolean): string {
  const parts = [to.command, choice, run];
  if (step !== null) parts.push('--step', step);
  if (reason) parts.push('--reason "…"');
  if (to.decide) parts.push(to.decide);
  return parts.join(' ');
}
