import type { HostFacts, View } from '../plan/plan.ts';
import { StepError } from './error.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Where a host's service is reached from a viewpoint. Throws a mistake where the inventory does not say. */
export function endpoint(host: HostFacts, port: number, viewpoint: string): Endpoint {
  return reach(viewFrom(host.views, viewpoint, `host ${host.name}`), port);
}

/** The address and the forwarded port behind which a service's own port is reached. */
export function reach(view: View, port: number): Endpoint {
  return { address: view.address, port: view.ports[String(port)] ?? port };
}

/** The view of a viewpoint, else the one named `default`. */
export function viewFrom(views: { readonly [viewpoint: string]: View }, viewpoint: string, what: string): View {
  const view = (Object.hasOwn(views, viewpoint) ? views[viewpoint] : undefined) ?? views['default'];
  if (view) return view;
  throw new StepError(
    'no-address',
    `The inventory does not say how ${what} is reached from ${viewpoint}: give it an \`address\`, or a view \`seen-from: { ${viewpoint}: … }\`.`,
    'mistake',
  );
}
