import type { ControllerFault } from '../buttons.ts';
import { estate } from '../estate-client.ts';
import type { FullFault } from '../fault.ts';
import type { FullLab } from '../full-lab.ts';
import { byWord, machines } from '../shape.ts';

const controlled = Object.keys(machines).filter((name) => machines[name]!.controller);

/** What happens to the power controllers and to the receiver of notifications. */
export const controllerFaults: { readonly [name: string]: FullFault } = {
  'controller-lies': {
    usage: 'HOST',
    summary: 'The power controller of a host takes a press, says it was done, and does nothing.',
    act: (lab, [host]) => set(lab, host, 'lies', 'takes a press, says it was done, and does nothing'),
    heal: (lab) => repair(lab, 'lies'),
  },
  'controller-hangs': {
    usage: 'HOST',
    summary: 'The power controller of a host answers nothing.',
    act: (lab, [host]) => set(lab, host, 'hangs', 'answers nothing: its process is frozen'),
    heal: (lab) => repair(lab, 'hangs'),
  },
  'controller-dead': {
    usage: 'HOST',
    summary: 'The power controller of a host is gone.',
    act: (lab, [host]) => set(lab, host, 'dead', 'is gone: its process was killed'),
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

async function set(lab: FullLab, host: string | undefined, fault: ControllerFault, how: string): Promise<string> {
  byWord(host ?? '', controlled);
  await estate(lab, 'PUT', `/fault/${host}/${fault}`);
  return `The power controller of ${host} ${how}.`;
}

async function repair(lab: FullLab, fault: ControllerFault): Promise<string | null> {
  const { controllers } = (await estate(lab, 'GET', '/state')) as { controllers: { readonly [host: string]: ControllerFault } };
  const broken = Object.keys(controllers).filter((host) => controllers[host] === fault);
  for (const host of broken) await estate(lab, 'DELETE', `/fault/${host}`);
  return broken.length > 0 ? `The power controller of ${broken.join(' and ')} works again.` : null;
}
