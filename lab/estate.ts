/**
 * The practice estate around its machines: the lines between viewpoints and services, the power of each machine, what its
 * controller says of it, and the receiver of notifications. Argument: the lab's folder.
 */
import { Controllers, type ControllerFault } from './controllers.ts';
import { serveHooks } from './hooks.ts';
import { hostOf, readLab, secret } from './lab.ts';
import { Lines, type Cut } from './lines.ts';
import { powerOff, powerOf, powerOn, powerSoft } from './power.ts';
import { serve } from './serve.ts';

const lab = readLab(process.argv[2] ?? '');
const lines = new Lines(lab);
const controllers = new Controllers(lab);
const hooks = await serveHooks(lab);
await lines.open();

const turns = new Map<string, Promise<unknown>>();

await serve(lab.control, secret(lab, 'token'), async (method, [what, name, detail], body) => {
  switch (`${method} ${what}`) {
    case 'GET state':
      return { cuts: lines.cuts(), controllers: controllers.faults(), hooks: hooks.losing() };
    case 'PUT cut':
      return lines.cut({ ...(body as Omit<Cut, 'name'>), name: name! });
    case 'DELETE cut':
      return lines.heal(name!);
    case 'PUT fault':
      await repair([name!]);
      if (detail === 'dead') await lines.refuse(name!, true);
      if (detail === 'hangs') lines.cut({ name: hanging(name!), host: name!, service: 'controller' });
      return controllers.set(name!, detail as ControllerFault);
    case 'DELETE fault':
      return repair(name ? [name] : Object.keys(lab.hosts));
    case 'PUT hooks':
      return hooks.lose(Number(name));
    case 'GET power':
      return { power: powerOf(lab, name!) };
    case 'POST power':
      return press(name!, detail!, 'person');
    case 'POST instance':
      return press(name!, detail!, 'instance');
    case 'GET controller':
      return { power: controllers.say(name!, powerOf(lab, name!)) };
    case 'POST controller':
      if (controllers.swallow(name!, detail!)) return {};
      return press(name!, detail!, 'controller');
  }
  throw new Error(`${method} /${what} is not known.`);
});

async function repair(hosts: readonly string[]): Promise<void> {
  for (const host of hosts) {
    await lines.refuse(host, false);
    lines.heal(hanging(host));
    controllers.clear(host);
  }
}

function hanging(host: string): string {
  return `controller of ${host}`;
}

/** One press at a time on each machine. */
function press(host: string, action: string, by: string): Promise<unknown> {
  hostOf(lab, host);
  const turn = (turns.get(host) ?? Promise.resolve()).then(() => work(host, action, by));
  turns.set(
    host,
    turn.catch(() => {}),
  );
  return turn;
}

async function work(host: string, action: string, by: string): Promise<{ power: string }> {
  if (action === 'off' || action === 'restart') await powerOff(lab, host, by);
  if (action === 'soft') await powerSoft(lab, host, by);
  if (action === 'on' || action === 'restart') powerOn(lab, host, by);
  return { power: powerOf(lab, host) };
}
