import type { HandCommand, HandFacts } from '../by-hand/command.ts';
import { onHost } from '../by-hand/shell.ts';
import { quote } from '../host/quote.ts';
import type { Proxy } from './runtime.ts';

/** The old server out, its sessions ended, and only then the new one in. */
export function switchByHand(proxy: Proxy & { readonly from: string; readonly to: string }, facts: HandFacts): HandCommand[] {
  const { backend, from, to, save } = proxy;
  const at = (argv: readonly string[]): string => onHost(facts.host(proxy.host), argv, facts.viewpoint, proxy.as);
  const ask = (command: string): string => `echo ${quote(command)} | ${at(['socat', '-t', '3', '-', `UNIX-CONNECT:${proxy.socket}`])}`;
  const status = (name: string): string => `${ask('show stat -1 4 -1')} | grep ${quote(`^${backend},${name},`)} | cut -d , -f 18`;
  return [
    { run: ask(`set server ${backend}/${from} state maint`), shows: 'no error' },
    { run: ask(`shutdown sessions server ${backend}/${from}`), shows: 'no error' },
    { run: status(from), shows: `\`MAINT\`: ${from} gets no sessions` },
    { run: ask(`set server ${backend}/${to} state ready`), shows: 'no error' },
    { run: status(to), shows: `\`UP\`, or \`no check\`: ${to} gets them; it may take some seconds` },
    ...(save === undefined
      ? []
      : [{ run: `${ask('show servers state')} | ${at(['dd', `of=${save}`, 'conv=fsync', 'status=none'])}`, shows: 'no error' }]),
  ];
}
