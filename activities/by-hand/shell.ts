import type { HostFacts } from '../../plan/plan.ts';
import { endpoint, reach, viewFrom } from '../endpoint.ts';
import { commandLine, quote } from '../host/quote.ts';

/** A secret as a shell reads it where it is needed: it never stands in the line itself. */
export function secretWord(reference: string): string {
  const [kind, ...rest] = reference.split(':');
  const name = rest.join(':');
  if (kind === 'env' && /^[A-Za-z_]\w*$/.test(name)) return `"$${name}"`;
  if (kind === 'file') return `"$(cat ${quote(name)})"`;
  const [id = ''] = rest.slice(1).join(':').split('#');
  return `"$(aws secretsmanager get-secret-value --secret-id ${quote(id)} --query SecretString --output text)"`;
}

/** An argument vector that is to run on a host, as a line for a shell at the viewpoint. `as`: another user there than logs in. */
export function onHost(host: HostFacts, argv: readonly string[], viewpoint: string, as?: string): string {
  const { user } = host.ssh ?? { user: 'root' };
  const whole = as === undefined || (host.connection === 'ssh' && as === user) ? argv : ['sudo', '-n', '-u', as, '--', ...argv];
  if (host.connection === 'local') return whole.map(quote).join(' ');
  const { port, key, knownHosts } = host.ssh ?? { port: 22 };
  const where = endpoint(host, port, viewpoint);
  const options = [
    ...(key === undefined ? [] : ['-i', key]),
    ...(knownHosts === undefined ? [] : ['-o', `UserKnownHostsFile=${knownHosts}`]),
  ];
  return ['ssh', '-l', user, '-p', String(where.port), ...options, '--', where.address, commandLine(whole)].map(quote).join(' ');
}

/** Prints the first bytes with which a port greets, or `silent`. */
export function greeting(host: Pick<HostFacts, 'views' | 'name'>, port: number, viewpoint: string): string {
  const where = reach(viewFrom(host.views, viewpoint, host.name), port);
  return `timeout 3 bash -c 'head -c 4 < /dev/tcp/${where.address}/${where.port}' 2>/dev/null || echo silent`;
}

/** Prints `open` where a port takes a connection. */
export function connects(host: HostFacts, port: number, viewpoint: string): string {
  const where = endpoint(host, port, viewpoint);
  return `timeout 3 bash -c ': < /dev/tcp/${where.address}/${where.port}' && echo open`;
}
