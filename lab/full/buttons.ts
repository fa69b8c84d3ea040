import { startController } from './controllers.ts';
import { runFile, type FullLab } from './full-lab.ts';
import type { Machine, Power } from './machine.ts';
import { readIdentity } from '../launch.ts';
import { gone, isAlive, signal } from '../process.ts';

export type ControllerFault = 'lies' | 'hangs' | 'dead';

/** What a host's power controller does when it is asked or pressed. A lying one says that it was done and does nothing. */
export class Buttons {
  readonly #lab: FullLab;
  readonly #hosts: { readonly [name: string]: Machine };
  readonly #faults = new Map<string, ControllerFault>();
  readonly #said = new Map<string, Power>();

  constructor(lab: FullLab, hosts: { readonly [name: string]: Machine }) {
    this.#lab = lab;
    this.#hosts = hosts;
  }

  faults(): { readonly [host: string]: ControllerFault } {
    return Object.fromEntries(this.#faults);
  }

  async set(host: string, fault: ControllerFault): Promise<void> {
    await this.clear(host);
    this.#faults.set(host, fault);
    const controller = readIdentity(runFile(this.#lab, `controller-${host}`));
    if (!controller) throw new Error(`${host} has no power controller.`);
    if (fault === 'hangs') signal(controller, 'SIGSTOP');
    if (fault === 'dead') {
      signal(controller, 'SIGKILL');
      await gone(controller, 5000);
    }
  }

  async clear(host: string): Promise<void> {
    this.#faults.delete(host);
    this.#said.delete(host);
    const controller = readIdentity(runFile(this.#lab, `controller-${host}`));
    if (!controller) throw new Error(`${host} has no power controller.`);
    if (isAlive(controller)) signal(controller, 'SIGCONT');
    else startController(this.#lab, host);
  }

  /** In the simulator's words: `get power …`, or `set power 0 …`; what is asked for is answered a line each. */
  async answer(host: string, [act, ...words]: readonly string[]): Promise<string> {
    const machine = this.#hosts[host];
    if (!machine) throw new Error(`There is no host ${host}.`);
    if (act === 'get') return words.map((word) => `${word}:${this.#look(host, word, machine)}\n`).join('');
    for (let at = 0; at + 1 < words.length; at += 2) await this.#press(host, words[at]!, words[at + 1]!, machine);
    return '';
  }

  #look(host: string, word: string, machine: Machine): string {
    if (word === 'boot') return 'default';
    if (word !== 'power') return '0';
    return ((this.#faults.get(host) === 'lies' && this.#said.get(host)) || machine.power) === 'On' ? '1' : '0';
  }

  async #press(host: string, button: string, how: string, machine: Machine): Promise<void> {
    if (this.#faults.get(host) === 'lies') {
      if (button === 'power') this.#said.set(host, how === '1' ? 'On' : 'Off');
      if (button === 'shutdown') this.#said.set(host, 'Off');
      return;
    }
    if (button === 'shutdown') return machine.soft('controller');
    if (button === 'reset' || (button === 'power' && how === '0')) await machine.off('controller');
    if (button === 'reset' || (button === 'power' && how === '1')) await machine.on('controller');
  }
}
