import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { argv as own, execPath } from 'node:process';
import { hq, outsideOf, readFullLab } from '../lab/full/full-lab.ts';
import { siteCommand } from '../lab/full/site-command.ts';
import { interruption } from './interrupt.ts';

/** The worker of a site of the full lab, until Ctrl-C: it runs inside that site's network, and is cut with it. */
export async function siteWorker(folder: string, site: string): Promise<number> {
  const lab = readFullLab(folder);
  const runbooks = join(lab.folder, 'runbooks');
  const [program, ...rest] = siteCommand(lab, site, [execPath, own[1]!, 'worker', '--site', site, '--runbooks', runbooks]);
  const stop = interruption();
  const server = process.env['TEMPORAL_ADDRESS'] ?? `${outsideOf(lab)}:${hq.temporal}`;
  const worker = spawn(program!, rest, { stdio: 'inherit', env: { ...process.env, TEMPORAL_ADDRESS: server } });
  // Ctrl-C reaches both of us; another's signal only this process.
  stop.signal.addEventListener('abort', () => worker.kill('SIGTERM'));
  try {
    return await new Promise((done, fail) => {
      worker.on('error', fail);
      worker.on('exit', (code) => done(code ?? 0));
    });
  } finally {
    stop.end();
  }
}
