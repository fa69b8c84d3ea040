import type { ControllerFault } from '../controllers.ts';
import { estate } from '../estate-client.ts';
import type { Fault } from '../fault.ts';
import { hostOf, type Lab } from '../lab.ts';

/** What happens to the power controllers and to the receiver of notifications. */
export const controllerFaults: { readonly [name: string]: Fault } = {
  'fence-lies': {
    usage: 'HOST',
    summary: 'The power controller of a host takes a press, says it was done, and does nothing.',
    act: (lab, [host]) => set(lab, host, 'lies', 'takes a press, says it was done, and does nothing'),
    heal: (lab) => repair(lab, 'lies'),
  },
  'fence-hangs': {
    usage: 'HOST',
    summary: 'The power controller of a host takes connections and never answers.',
    act: (lab, [host]) => set(lab, host, 'hangs', 'takes connections and never answers'),
    heal: (lab) => repair(lab, 'hangs'),
  },
  'fence-dead': {
    usage: 'HOST',
    summary: 'The power controller of a host refuses connections.',
    act: (lab, [host]) => set(lab, host, 'dead', 'refuses connections'),
    heal: (lab) => repair(lab, 'dead'),
  },
  'hook-loses': {
    usage: 'N',
    summary: 'The receiver of notifications takes the next N and loses its answers.',
    async act(lab, [times = '1']) {
      if (!/^\d+$/.test(times)) throw new Error(`"${times}" is no number of notifications.`);
      await estate(lab, 'PUT', `/hooks/${times}`);
      return `The receiver of notifications takes the next ${times} and does not answer.`;
    },
  },
};

async function set(lab: Lab, host: string | undefined, fault: ControllerFault, how: string): Promise<string> {
  hostOf(lab, host ?? '');
  await estate(lab, 'PUT', `/fault/${host}/${fault}`);
  return `The power controller of ${host} ${how}.`;
}

async function repair(lab: Lab, fault: ControllerFault): Promise<string | null> {
  const { controllers } = (await estate(lab, 'GET', '/state')) as { controllers: { readonly [host: string]: ControllerFault } };
  const broken = Object.keys(controllers).filter((host) => controllers[host] === fault);
  for (const host of broken) await estate(lab, 'DELETE', `/fault/${host}`);
  return broken.length > 0 ? `The power controller of ${broken.join(' and ')} works again.` : null;
}
