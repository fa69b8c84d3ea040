import type { HostFacts, SystemFacts } from '../plan/plan.ts';
import { viewFrom } from './endpoint.ts';
import { greets, postgresKnock } from './greets.ts';

/** What one viewpoint sees of a machine in one second. */
export interface Sight {
  /** The machine, or a database on it, answered. */
  readonly alive: boolean;
  /** Something else on the machine's network answered, before and after. Null: the inventory names no witness. */
  readonly witness: boolean | null;
  /** ISO time. */
  readonly at: string;
  /** One sentence each. */
  readonly evidence: readonly string[];
}

/**
 * Looks for a sign of life of a host, and in the same second for its site's witness: only where the witness answers
 * is silence of the host more than a cut link. At most about 2 s; at once where the network says so.
 */
export async function sight(host: HostFacts, system: SystemFacts, viewpoint: string): Promise<Sight> {
  const view = viewFrom(host.views, viewpoint, `host ${host.name}`);
  const postgres = Object.values(system.postgres?.members ?? {}).includes(host.name) ? system.postgres?.port : undefined;
  const [machine, database, before] = await Promise.all([
    greets(view, host.alive),
    postgres === undefined ? undefined : greets(view, postgres, 1_000, postgresKnock),
    witness(host, viewpoint),
  ]);
  // Asked again after the silence: a link that was cut in between must not turn it into a proof.
  const after = before?.greets ? await witness(host, viewpoint) : before;
  const evidence = [
    `${host.name} port ${host.alive} seen from ${viewpoint} at ${machine.at}: ${machine.greets ? `greets with "${machine.text}"` : machine.text}.`,
  ];
  if (database)
    evidence.push(`${host.name} PostgreSQL port seen from ${viewpoint} at ${database.at}: ${database.greets ? 'answers' : database.text}.`);
  evidence.push(
    after
      ? `Witness of ${host.site} seen from ${viewpoint} at ${after.at}: ${after.greets ? `greets with "${after.text}"` : after.text}.`
      : `The inventory names no witness at ${host.site}.`,
  );
  const alive = machine.greets || database?.greets === true;
  return { alive, witness: after ? after.greets : null, at: new Date().toISOString(), evidence };
}

async function witness(host: HostFacts, viewpoint: string) {
  if (!host.witness) return undefined;
  return greets(viewFrom(host.witness.views, viewpoint, `the witness of ${host.site}`), host.witness.port);
}
