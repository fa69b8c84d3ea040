import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerEntry } from '../../lab/aws/control.ts';
import { until } from '../e2e/world.ts';
import type { CloudWorld } from './world.ts';

/** What is in service, watched from outside while a rehearsal goes on beside it. */
export class Production {
  readonly #world: CloudWorld;
  readonly #before: ReadonlyMap<string, string>;
  readonly #over = new AbortController();
  readonly #writing: Promise<void>;
  #written = 0;
  #refused: string[] = [];

  private constructor(world: CloudWorld, before: ReadonlyMap<string, string>, write: () => Promise<unknown>) {
    this.#world = world;
    this.#before = before;
    this.#writing = this.#write(write);
  }

  /** @param write writes one row, as a customer does. */
  static async watch(world: CloudWorld, write: () => Promise<unknown>): Promise<Production> {
    return new Production(world, await inService(world), write);
  }

  /** MUST be called, whatever came of the rehearsal: else it is written to for ever. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#writing;
  }

  /** Nothing that bears no tag of a rehearsal was made, changed or removed, and every write was taken. */
  async wasLeftAlone(): Promise<void> {
    await this.stop();
    assert.deepEqual(this.#refused, []);
    assert.ok(this.#written > 0, 'nothing was written meanwhile');
    const now = await inService(this.#world);
    const changed = [...this.#before].filter(([id, what]) => now.get(id) !== what);
    const made = [...now].filter(([id]) => !this.#before.has(id));
    assert.deepEqual([...changed, ...made], []);
  }

  async #write(write: () => Promise<unknown>): Promise<void> {
    for (; !this.#over.signal.aborted; await sleep(250, undefined, { signal: this.#over.signal }).catch(() => undefined))
      await write().then(
        () => (this.#written += 1),
        (error: Error) => this.#refused.push(error.message),
      );
  }
}

/** Objects and records bear no tags of ours: they are known by their names. */
const isRehearsals = ({ name, tags }: LedgerEntry): boolean =>
  tags['lifeboat:purpose'] === 'rehearsal' || name.startsWith('lifeboat-rehearsal-');

/** An Auto Scaling group tags its servers, and not what goes with them. */
const isPartOfServer = ({ service, kind, gone }: LedgerEntry): boolean =>
  service === 'ec2' && gone && (kind === 'network-interface' || kind === 'volume');

/** What a rehearsal made and that is still there; of a stand-in, which stays, what is in it. */
export async function leftOver(world: CloudWorld): Promise<readonly string[]> {
  const all = (await world.cloud.ledger()).filter((one) => !one.gone && isRehearsals(one));
  return all.filter(({ service }) => service !== 'autoscaling').map(({ kind, id, region }) => `${kind} ${id} at ${region}`);
}

/** Waits until nothing is left, by the ledger. */
export async function nothingLeft(world: CloudWorld, within = 90_000): Promise<void> {
  await until(async () => (await leftOver(world)).length === 0, 'nothing to be left', within).catch(async (error: unknown) => {
    assert.deepEqual(await leftOver(world), []);
    throw error;
  });
}

async function inService(world: CloudWorld): Promise<ReadonlyMap<string, string>> {
  const all = (await world.cloud.ledger()).filter((one) => !isRehearsals(one) && !isPartOfServer(one));
  return new Map(
    all.map(({ service, kind, region, account, id, ...what }) => [`${account} ${region} ${service} ${kind} ${id}`, JSON.stringify(what)]),
  );
}
