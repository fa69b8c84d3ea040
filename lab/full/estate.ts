/**
 * The full lab around its hosts: the power of each, what its controller says of it, and the receiver of notifications.
 * Argument: the lab's folder. MUST be alone in a lab: it alone starts and ends hosts.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { serveHooks } from '../hooks.ts';
import { serve } from '../serve.ts';
import { Buttons, type ControllerFault } from './buttons.ts';
import { forward } from './forward.ts';
import { hq, outsideOf, readFullLab, secret, socketOf } from './full-lab.ts';
import { Machine } from './machine.ts';
import { machines } from './shape.ts';

const lab = readFullLab(process.argv[2] ?? '');
const hosts = Object.fromEntries(Object.keys(machines).map((name) => [name, new Machine(lab, name)]));
const buttons = new Buttons(lab, hosts);
const hooks = await serveHooks({ folder: lab.folder, hooks: hq.hooks }, outsideOf(lab));
await forward({ host: outsideOf(lab), port: hq.temporal }, lab.temporal);

// The controllers' simulators stand in the sites' networks: a socket in the file system is what they and this process share.
rmSync(socketOf(lab), { force: true });
createServer({ allowHalfOpen: true }, (socket) => {
  let asked = '';
  socket.on('error', () => undefined);
  socket.setEncoding('utf8').on('data', (part: string) => (asked += part));
  socket.on('end', () => {
    const [host = '', ...words] = asked.trim().split(' ');
    buttons.answer(host, words).then(
      (said) => socket.end(said),
      (error: Error) => {
        console.error(error.message);
        socket.end();
      },
    );
  });
}).listen(socketOf(lab), () => chmodSync(socketOf(lab), 0o600));

await serve(lab.control, secret(lab, 'token'), async (method, [what, name = '', detail], _body) => {
  switch (`${method} ${what}`) {
    case 'GET state':
      return {
        power: Object.fromEntries(Object.entries(hosts).map(([host, machine]) => [host, machine.power])),
        controllers: buttons.faults(),
        hooks: hooks.losing(),
      };
    case 'POST power': {
      const host = hosts[name];
      if (!host) throw new Error(`There is no host ${name}.`);
      if (detail === 'on') await host.on('person');
      else if (detail === 'off') await host.off('person');
      else if (detail === 'soft') await host.soft('person');
      else throw new Error(`"${detail}" is not known: on, off or soft.`);
      return { power: host.power };
    }
    case 'PUT fault':
      return buttons.set(name, detail as ControllerFault);
    case 'DELETE fault':
      return buttons.clear(name);
    case 'PUT hooks':
      return hooks.lose(Number(name));
  }
  throw new Error(`${method} /${what} is not known.`);
});
