import { join } from 'node:path';
import { freePort } from '../../lab/ports.ts';
import { command, fileFor, folderFor, serve, until } from './command.ts';
import { Missing } from './peer.ts';
import { existsSync, readFileSync } from 'node:fs';

const program = '/usr/sbin/sshd';

/** A server on loopback at which the database's user logs in by key. Returns the options that a client needs. */
export async function sshd(folder: string): Promise<string> {
  if (!existsSync(program)) throw new Missing('sshd is not here: apt-get install openssh-server');
  const cwd = folderFor(join(folder, 'sshd'));
  const [key, hostKey] = [join(cwd, 'key'), join(cwd, 'host-key')];
  for (const file of [key, hostKey]) await command(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', file], { cwd });
  const authorized = fileFor(join(cwd, 'authorized'), readFileSync(`${key}.pub`, 'utf8'));
  const port = await freePort();
  const settings = ['ListenAddress=127.0.0.1', `Port=${port}`, `HostKey=${hostKey}`, `AuthorizedKeysFile=${authorized}`];
  const own = ['StrictModes=no', 'UsePAM=no', 'PidFile=none', 'PasswordAuthentication=no'];
  const options = [...settings, ...own].flatMap((setting) => ['-o', setting]);
  serve([program, '-D', '-e', '-f', '/dev/null', ...options], join(cwd, 'sshd.log'), { cwd });
  const client = `-q -p ${port} -i ${key} -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null`;
  await until('sshd to answer', () =>
    command(['ssh', ...client.split(' '), '127.0.0.1', 'true'], { cwd }).then(
      () => true,
      () => false,
    ),
  );
  return client;
}
