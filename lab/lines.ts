import { hostOf, outside, peerOf, type Lab } from './lab.ts';
import { Line, type End } from './line.ts';

/** Which lines are cut; what is absent matches all. */
export interface Cut {
  readonly name: string;
  /** Viewpoint from which nothing is reached. */
  readonly from?: string;
  /** Site that is not reached. */
  readonly to?: string;
  readonly host?: string;
  readonly service?: Service;
  /** Site whose router is dead: every line that crosses its border. */
  readonly border?: string;
}
export type Service = '22' | '5432' | 'witness' | 'replication' | 'controller';

interface Laid {
  readonly line: Line;
  readonly from: string;
  readonly to: string;
  readonly host: string | null;
  readonly service: Service;
}

/** All lines of a lab. Nobody reaches a machine but by one. */
export class Lines {
  readonly #lab: Lab;
  readonly #laid: readonly Laid[];
  readonly #cuts = new Map<string, Cut>();

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#laid = lay(lab);
  }

  async open(): Promise<void> {
    await Promise.all(this.#laid.map(({ line }) => line.open()));
  }

  cuts(): readonly Cut[] {
    return [...this.#cuts.values()];
  }

  /** Returns how many lines are cut now. */
  cut(cut: Cut): number {
    this.#cuts.set(cut.name, cut);
    return this.#apply();
  }

  /** Returns how many lines are cut still. */
  heal(name: string): number {
    this.#cuts.delete(name);
    return this.#apply();
  }

  /** Whether the controller of a host refuses connections. */
  async refuse(host: string, dead: boolean): Promise<void> {
    hostOf(this.#lab, host);
    for (const laid of this.#laid)
      if (laid.host === host && laid.service === 'controller') await (dead ? laid.line.close() : laid.line.open());
  }

  #apply(): number {
    let count = 0;
    for (const laid of this.#laid) {
      const dead = [...this.#cuts.values()].some((cut) => matches(cut, laid));
      if (dead) laid.line.cut();
      else laid.line.heal();
      if (dead) count += 1;
    }
    return count;
  }
}

function matches(cut: Cut, { from, to, host, service }: Laid): boolean {
  if (cut.border !== undefined && (from === to || (from !== cut.border && to !== cut.border))) return false;
  const asked: readonly (readonly [string | undefined, string | null])[] = [
    [cut.from, from],
    [cut.to, to],
    [cut.host, host],
    [cut.service, service],
  ];
  return asked.every(([wanted, is]) => wanted === undefined || wanted === is);
}

function lay(lab: Lab): Laid[] {
  const laid: Laid[] = [];
  const add = (from: string, to: string, host: string | null, service: Service, port: number, end: End): void => {
    laid.push({ line: new Line(port, end), from, to, host, service });
  };
  for (const [site, { witness }] of Object.entries(lab.sites)) {
    for (const [from, port] of Object.entries(witness))
      add(from, site, null, 'witness', port, { greeting: `SSH-2.0-lifeboat-lab witness-${site}\r\n` });
  }
  for (const [name, host] of Object.entries(lab.hosts)) {
    for (const [from, ports] of Object.entries(host.seenFrom)) {
      add(from, host.site, name, '22', ports[22], { port: host.ssh });
      add(from, host.site, name, '5432', ports[5432], { port: host.database });
    }
    add(hostOf(lab, peerOf(lab, name)).site, host.site, name, 'replication', host.replication, { port: host.database });
    // Controllers have a network of their own: only the site's border is common to both.
    if (host.controller) add(outside, host.site, name, 'controller', host.controller.port, { port: host.controller.inside });
  }
  return laid;
}
