import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downFull } from '../../lab/full/down.ts';
import { faultFull, healFull } from '../../lab/full/fault.ts';
import type { FullLab } from '../../lab/full/full-lab.ts';
import { inside } from '../../lab/full/inside.ts';
import { holderOf } from '../../lab/full/lock.ts';
import { upFull } from '../../lab/full/up.ts';
import { hostFacts, systemFacts } from '../../plan/facts.ts';
import { loadInventory } from '../../plan/load.ts';
import type { HostFacts, SystemFacts } from '../../plan/plan.ts';

/** The full practice estate, as its own inventory describes it. */
export interface FullEstate {
  readonly lab: FullLab;
  readonly system: SystemFacts;
  readonly hosts: { readonly [name: string]: HostFacts };
  fault(name: string, ...args: string[]): Promise<string>;
  heal(): Promise<string>;
  /** A command on a host, past network and logins. Returns what it printed. */
  inside(host: string, argv: readonly string[]): Promise<string>;
  end(): Promise<void>;
}

/** Stands one up, as root on Debian (`needsFullLab` of test/full/can-stand.ts says whether it can), without the probe. */
export async function fullEstate(): Promise<FullEstate> {
  const { base, lab } = await upOnFreeNet(Number(process.env['LIFEBOAT_LAB_NET'] ?? 79));
  const { folder } = lab;
  const { inventory: loaded, problems } = await loadInventory(join(folder, 'runbooks/inventory.yaml'));
  if (!loaded) throw new Error(`The inventory of the lab does not load: ${JSON.stringify(problems)}`);
  const inventory = loaded.data;
  return {
    lab,
    system: systemFacts(inventory, 'orders')!,
    hosts: Object.fromEntries(Object.keys(inventory.hosts).map((name) => [name, hostFacts(inventory, name)!])),
    fault: (name, ...args) => faultFull(folder, name, args),
    heal: () => healFull(folder),
    inside: (host, argv) => inside(lab, host, argv),
    async end() {
      await downFull(folder);
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** Other tests may have one standing at the same time: each has a net of its own. */
async function upOnFreeNet(first: number): Promise<{ readonly base: string; readonly lab: FullLab }> {
  const last = first + 20;
  for (let net = first; ; net += 1) {
    if (net < last && holderOf(net) !== null) continue;
    const base = mkdtempSync(join(tmpdir(), 'lb-full-'));
    // PostgreSQL's user passes through it.
    chmodSync(base, 0o755);
    try {
      return { base, lab: await upFull({ folder: join(base, 'lab'), net, probe: false }) };
    } catch (error) {
      rmSync(base, { recursive: true, force: true });
      if (net >= last || !(error as Error).message.includes('stands on net')) throw error;
    }
  }
}
