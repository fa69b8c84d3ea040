import { call } from '../call.ts';
import type { Cut } from '../lines.ts';
import { secretIn } from '../lab.ts';
import type { CloudHome } from './home.ts';

/** What an emulated instance is, and what its security groups let through. */
export interface InstanceState {
  /** `running`, `stopping`, `stopped`, `shutting-down`, `terminated`, `pending`. */
  readonly state: string;
  readonly in: boolean;
  readonly out: boolean;
}

/** The machine of the lab that an emulated instance is: it has power and lines as the instance has. */
export class Machines {
  readonly #home: CloudHome;
  #bound: string | null = null;
  #now: InstanceState | null = null;

  constructor(home: CloudHome) {
    this.#home = home;
  }

  /** @param key `ACCOUNT/REGION/ID` of the instance that is the lab's machine from now on. */
  bind(key: string): void {
    this.#bound = key;
  }

  bound(): readonly string[] {
    return this.#bound === null ? [] : [this.#bound];
  }

  /** Makes of the machine what the instance has become. Returns once it is so. @param hard its power is cut, where it is stopped. */
  async follow(instances: { readonly [key: string]: InstanceState }, hard: boolean): Promise<void> {
    const state = this.#bound === null ? undefined : instances[this.#bound];
    if (!state || !this.#home.machines) return;
    const was = this.#now;
    this.#now = state;
    await this.#let('in', state.in);
    await this.#let('out', state.out);
    if (was !== null && runs(was) === runs(state)) return;
    if (runs(state)) await this.#press('on');
    else if (hard || /terminated|shutting-down/u.test(state.state)) await this.#press('off');
    // As EC2 does with one that does not shut down.
    else await this.#press('soft').catch(() => this.#press('off'));
  }

  /** Whether the region is cut off in which the machine stands. */
  async cutOff(region: string, off: boolean): Promise<void> {
    if (this.#home.machines?.site !== region) return;
    await this.#call(off ? 'PUT' : 'DELETE', `/cut/${region}`, off ? { border: region } : undefined);
  }

  async #let(way: 'in' | 'out', open: boolean): Promise<void> {
    const { host, site } = this.#home.machines!;
    const name = `security groups of ${host}, ${way}`;
    // Out of it goes only its standby's line to the primary: the site's own view is the worker's, who stands elsewhere there.
    const cut: Omit<Cut, 'name'> = way === 'in' ? { host } : { from: site, service: 'replication' };
    await this.#call(open ? 'DELETE' : 'PUT', `/cut/${encodeURIComponent(name)}`, open ? undefined : cut);
  }

  #press(act: string): Promise<unknown> {
    return this.#call('POST', `/instance/${this.#home.machines!.host}/${act}`);
  }

  #call(method: string, path: string, body?: unknown): Promise<unknown> {
    return call(this.#home.machines!.control, secretIn(this.#home.folder, 'token'), method, path, body, 20_000);
  }
}

const runs = ({ state }: InstanceState): boolean => state === 'running' || state === 'pending';
