import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { environment } from '../../lab/venv.ts';

/** What the mail server of the tests is made of. */
export const mailPackages = ['aiosmtpd==1.4.6', 'atpublic==5.1', 'attrs==25.4.0'] as const;

export interface Mail {
  readonly sender: string;
  readonly to: readonly string[];
  /** Headers and body. */
  readonly text: string;
  readonly encrypted: boolean;
}
export interface Mailbox {
  readonly port: number;
  readonly mails: readonly Mail[];
  readonly logins: readonly { readonly login: string; readonly encrypted: boolean }[];
  close(): Promise<void>;
}

/** A real mail server on a free port of 127.0.0.1, in a process of its own. `tls`: paths of a certificate and its key. */
export async function mailbox(
  options: { login?: readonly [user: string, password: string]; tls?: readonly [string, string] } = {},
): Promise<Mailbox> {
  const folder = await environment(mailPackages, () => undefined);
  const { login, tls } = options;
  const argv = [
    fileURLToPath(new URL('mailbox.py', import.meta.url)),
    ...(login ? ['--login', ...login] : []),
    ...(tls ? ['--tls', ...tls] : []),
  ];
  const child = spawn(join(folder, 'bin/python'), argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const mails: Mail[] = [];
  const logins: { login: string; encrypted: boolean }[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the mail server ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as { port?: number } & Partial<Mail> & { login?: string };
      if (entry.port !== undefined) resolve(entry.port);
      else if (entry.login !== undefined) logins.push(entry as { login: string; encrypted: boolean });
      else mails.push(entry as Mail);
    });
  });
  const close = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  return { port, mails, logins, close };
}
