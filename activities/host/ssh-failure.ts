import type { SshFacts } from '../../plan/plan.ts';
import type { Endpoint } from '../endpoint.ts';
import { StepError } from '../error.ts';

const hostKey =
  /host key verification failed|remote host identification has changed|host key is known|revoked host key|certificate invalid/i;
const login = /permission denied|too many authentication failures|unprotected private key|load key|no such identity|not accessible/i;
const connecting =
  /connect to host|could not resolve|kex_exchange|ssh_dispatch|banner exchange|connection (closed|reset|refused|timed out)|no connection/i;

/**
 * What an end with 255 and the client's own log mean. `connected`: a connection stood, so the command may have been started.
 */
export function sshFailure(name: string, where: Endpoint, { user, key, knownHosts }: SshFacts, log: string, connected: boolean): StepError {
  const at = `${where.address} port ${where.port}`;
  const says = lastLine(log);
  if (hostKey.test(log)) {
    return new StepError(
      'ssh-host-key',
      `${name} (${at}) does not show a host key that ${knownHosts ?? 'the known_hosts of this user'} trusts: another machine may answer there, or it was set up anew. Nothing was sent. Compare its key, then correct that file. (${says})`,
      'person',
    );
  }
  if (login.test(log)) {
    return new StepError(
      'ssh-login',
      `${name} (${at}) does not let ${user} log in${key === undefined ? '' : ` with ${key}`}: is the key there, readable for the worker alone, and authorised on the host? (${says})`,
      'person',
    );
  }
  if (!connected && connecting.test(log))
    return new StepError('ssh-unreachable', `${name} cannot be reached by SSH at ${at}: ${says}. Nothing was run there.`);
  return new StepError(
    'ssh-lost',
    `The connection to ${name} (${at}) was lost${says ? ` (${says})` : ''}: whether the command ran there is not known.`,
  );
}

function lastLine(log: string): string {
  return (log.trim().split(/\r?\n/).at(-1) ?? '').replace(/\.$/, '').slice(0, 200);
}
