/**
 * A machine of the practice estate: this process stands for it. Its greeting is its sign of life, PostgreSQL is its child,
 * and killing it is cutting its power. Arguments: the lab's folder, the host's name.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { autostartOf, dataOf, diskOf, hostOf, labTag, machineTag, readLab, secret } from './lab.ts';
import { Postgres } from './postgres.ts';
import { serve } from './serve.ts';

const [folder = '', name = ''] = process.argv.slice(2);
const lab = readLab(folder);
const host = hostOf(lab, name);
const postgres = new Postgres({
  name,
  bin: lab.postgres,
  user: lab.user,
  disk: diskOf(lab, name),
  data: dataOf(lab, name),
  env: { ...labTag(lab), ...machineTag(lab, name) },
});

const greeter = createServer((socket) => {
  socket.on('error', () => {});
  socket.write(`SSH-2.0-lifeboat-lab ${name}\r\n`);
  socket.resume();
});
greeter.listen(host.ssh, '127.0.0.1');

await serve(host.control, secret(lab, 'token'), async (method, [what, act]) => {
  if (method === 'GET' && what === 'postgres') return { state: postgres.running ? 'running' : 'stopped', autostart: autostart() };
  if (method === 'POST' && what === 'postgres' && act === 'start') return { did: await postgres.start() };
  if (method === 'POST' && what === 'postgres' && act === 'stop') return { did: await postgres.stop() };
  if (method === 'POST' && what === 'shutdown') {
    await postgres.stop();
    setTimeout(() => process.exit(0), 20);
    return {};
  }
  throw new Error(`${method} /${what}/${act ?? ''} is not known.`);
});
// A database that does not start leaves a machine that does.
if (autostart() === 'enabled') await postgres.start().catch((error: Error) => console.error(error.message));

function autostart(): 'enabled' | 'disabled' {
  const file = autostartOf(lab, name);
  return existsSync(file) && readFileSync(file, 'utf8').trim() === 'enabled' ? 'enabled' : 'disabled';
}
