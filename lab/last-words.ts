import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the processes of the lab said last, each a line; they are about to be removed. */
export function lastWords(lab: { readonly folder: string }): string[] {
  const logs = join(lab.folder, 'logs');
  if (!existsSync(logs)) return [];
  return readdirSync(logs).flatMap((name) => {
    const lines = readFileSync(join(logs, name), 'utf8')
      .trim()
      .split('\n')
      .filter((line) => !/^\s*at |^Node\.js|^$/.test(line));
    return lines.length > 0 ? [`${name}: ${lines.slice(-4).join(' / ')}`] : [];
  });
}
