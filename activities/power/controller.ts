import type { HostFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import { agent } from './agent.ts';
import { redfish } from './redfish.ts';
import type { RestoreSetting } from './restore-policy.ts';

/** What a controller says of its machine. `other`: on the way from one to the other, or a word of its own. */
export type PowerState = 'on' | 'off' | 'other';

/** A machine's power button. What it says is no proof: controllers have been seen to lie. */
export interface Controller {
  /** Reads, and changes nothing. */
  state(): Promise<{ readonly state: PowerState; readonly word: string }>;
  /** Presses. Returns when the controller has taken the order, which is before the machine has followed it. */
  press(wanted: 'on' | 'off'): Promise<void>;
  /** Holds what the inventory says of it against what the driver takes; throws a mistake. */
  check?(): Promise<readonly string[]>;
  /** What the machine does when mains power returns. Absent: the driver knows of no such setting. */
  readonly restore?: RestoreSetting;
}

/** The controller of a host, by the driver that the inventory names. */
export function controllerOf(host: HostFacts, ask: Asker): Controller {
  if (!host.power) {
    throw new StepError(
      'no-controller',
      `The inventory names no controller for the power of ${host.name}: give it \`power: { driver: redfish, … }\`.`,
      'mistake',
    );
  }
  const { driver } = host.power;
  if (driver === 'redfish') return redfish(host, ask);
  if (/^fence_[a-z0-9_]+$/.test(driver)) return agent(host, ask);
  throw new StepError(
    'unknown-driver',
    `The inventory gives ${host.name} the power driver "${driver}", which there is not: use redfish, or a fence agent by its name, such as fence_ipmilan.`,
    'mistake',
  );
}
