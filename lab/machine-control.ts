import { argv, exit, stdout, stderr } from 'node:process';
import { pathToFileURL } from 'node:url';
import { call } from './call.ts';
import { hostOf, readLab, secret } from './lab.ts';

/**
 * What systemctl is on a real host: starts or stops PostgreSQL on a machine of the lab, or tells whether it starts at boot
 * (`enabled`, `disabled`). Throws where the machine has no power.
 */
export async function machineControl(folder: string, name: string, act: string): Promise<string> {
  const lab = readLab(folder);
  const ask = (method: string, path: string): Promise<unknown> =>
    call(hostOf(lab, name).control, secret(lab, 'token'), method, path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET'
        ? new Error(`${name} does not answer: it has no power, or is still starting.`)
        : error;
    });
  if (act === 'enabled') return ((await ask('GET', '/postgres')) as { autostart: string }).autostart;
  if (act === 'start' || act === 'stop') return ((await ask('POST', `/postgres/${act}`)) as { did: string }).did;
  throw new Error(`"${act}" is not known: start, stop or enabled.`);
}

// Run directly it takes FOLDER HOST ACT: without the whole command line it is there in half the time, while a system waits.
if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  machineControl(argv[2] ?? '', argv[3] ?? '', argv[4] ?? '').then(
    (line) => stdout.write(`${line}\n`),
    (error: Error) => {
      stderr.write(`${error.message}\n`);
      exit(1);
    },
  );
}
