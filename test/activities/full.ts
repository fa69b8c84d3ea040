import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downFull } from '../../lab/full/down.ts';
import { faultFull, healFull } from '../../lab/full/fault.ts';
import type { FullLab } from '../../lab/full/full-lab.ts';
import { inside } from '../../lab/full/inside.ts';
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
  const base = mkdtempSync(join(tmpdir(), 'lb-full-'));
  // PostgreSQL's user passes through it.
  chmodSync(base, 0o755);
  const folder = join(base, 'lab');
  const lab = await upFull({ folder, net: Number(process.env['LIFEBOAT_LAB_NET'] ?? 79), probe: false }).catch((error: unknown) => {
    rmSync(base, { recursive: true, force: true });
    throw error;
  });
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
