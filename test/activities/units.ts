import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rootOf } from '../../lab/full/full-lab.ts';
import { context, type Options } from './estate.ts';
import { fullEstate, type FullEstate } from './full.ts';

export const host = 'a-app';

/** Services of a booted host: one that counts its starts, one that dies at once, one that brings the database along. */
const units: { readonly [unit: string]: string } = {
  'orders-app': '[Service]\nExecStartPre=/bin/sh -c "printf x >> /var/tmp/orders-app"\nExecStart=/bin/sleep infinity\n',
  'orders-broken': '[Service]\nExecStart=/bin/sh -c "sleep 0.1; exit 1"\n',
  'orders-all': '[Unit]\nWants=orders-db.service\n[Service]\nExecStart=/bin/sleep infinity\n',
};

export async function estateWithUnits(): Promise<FullEstate> {
  const at = await fullEstate();
  for (const name of [host, 'a-db']) {
    for (const [unit, text] of Object.entries(units)) {
      const file = join(rootOf(at.lab, name), `etc/systemd/system/${unit}.service`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    await at.inside(name, ['systemctl', 'daemon-reload']);
  }
  return at;
}

export function contextOf(at: FullEstate, options: Options = {}) {
  return context(at, options);
}

export async function stateOf(at: FullEstate, unit: string, on = host): Promise<string> {
  return (await at.inside(on, ['systemctl', 'show', '--value', '--property=ActiveState', unit])).trim();
}

/** How often `orders-app` was started. */
export async function startsOf(at: FullEstate): Promise<number> {
  return (await at.inside(host, ['sh', '-c', 'cat /var/tmp/orders-app 2>/dev/null || :'])).length;
}
