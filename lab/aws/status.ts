import { askReality } from './cloud.ts';
import { faultsOf } from './faults.ts';
import { endpointOf, type CloudHome } from './home.ts';
import type { FleetState } from './rds/fleet.ts';

export interface CloudStatus {
  readonly endpoint: string;
  /** The real databases, by `ACCOUNT/REGION/ID`: port, and how far each is, such as `available`. */
  readonly databases: FleetState['databases'];
  /** What is wrong on purpose, a phrase each. */
  readonly faults: readonly string[];
}

/** What is the case in the cloud of a lab, by asking. */
export async function cloudStatus(home: CloudHome): Promise<CloudStatus> {
  const reality = (await askReality(home, 'GET', '/').catch(() => null)) as FleetState | null;
  return { endpoint: endpointOf(home), databases: reality?.databases ?? {}, faults: await faultsOf(home) };
}
