import { hostOf, type Lab } from './lab.ts';
import type { Power } from './power.ts';

export type ControllerFault = 'lies' | 'hangs' | 'dead';

/** What the power controllers do beside working their machines: a lying one takes a press, does nothing, and says it was done. */
export class Controllers {
  readonly #lab: Lab;
  readonly #faults = new Map<string, ControllerFault>();
  readonly #said = new Map<string, Power>();

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  faults(): { readonly [host: string]: ControllerFault } {
    return Object.fromEntries(this.#faults);
  }

  set(host: string, fault: ControllerFault): void {
    hostOf(this.#lab, host);
    this.#faults.set(host, fault);
  }

  clear(host: string): void {
    this.#faults.delete(host);
    this.#said.delete(host);
  }

  /** What the controller says of its machine. */
  say(host: string, truth: Power): Power {
    return (this.#faults.get(host) === 'lies' && this.#said.get(host)) || truth;
  }

  /** Whether a press comes to nothing. */
  swallow(host: string, action: string): boolean {
    if (this.#faults.get(host) !== 'lies') return false;
    this.#said.set(host, action === 'off' || action === 'soft' ? 'Off' : 'On');
    return true;
  }
}
