import type { HandCommand, HandFacts } from '../by-hand/command.ts';
import { greeting, onHost } from '../by-hand/shell.ts';

/** Cuts the host off at its own switch port, else at its site's router, and reads back that it is. */
export function cutByHand({ host: name }: { readonly host: string }, { host: find, viewpoint }: HandFacts): HandCommand[] {
  const host = find(name);
  const line = host.port ?? (host.router?.nothingWritesInside === true ? host.router : undefined);
  if (line === undefined) return [];
  return [
    { run: onHost(line.device, line.cut, viewpoint), shows: 'no error' },
    { run: onHost(line.device, line.state, viewpoint), shows: '`cut`' },
    { run: greeting(host, host.alive, viewpoint), shows: `\`silent\`: ${name} is reached no more` },
  ];
}
