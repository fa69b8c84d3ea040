import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import type { Asker } from '../asker.ts';
import { redfish } from './redfish.ts';

/** What a controller says of its machine. `other`: on the way from one to the other, or a word of its own. */
export type PowerState = 'on' | 'off' | 'other';

/** A machine's power button. What it says is no proof: controllers have been seen to lie. */
export interface Controller {
  /** Reads, and changes nothing. */
  state(): Promise<{ readonly state: PowerState; readonly word: string }>;
  /** Presses. Returns when the controller has taken the order, which is before the machine has followed it. */
  press(wanted: 'on' | 'off'): Promise<void>;
}

const drivers: { readonly [driver: string]: (host: HostFacts, ask: Asker) => Controller } = { redfish };

/** The controller of a host, by the driver that the inventory names. */
export function controllerOf(host: HostFacts, ask: Asker): Controller {
  if (!host.power) {
    throw new StepError(
      'no-controller',
      `The inventory names no controller for the power of ${host.name}: give it \`power: { driver: redfish, … }\`.`,
      'mistake',
    );
  }
  const driver = Object.hasOwn(drivers, host.power.driver) ? drivers[host.power.driver] : undefined;
  if (driver) return driver(host, ask);
  throw new StepError(
    'unknown-driver',
    `The inventory gives ${host.name} the power driver "${host.power.driver}", which this release does not have: use ${Object.keys(drivers).join(', ')}.`,
    'mistake',
  );
}
