import type { Analysis } from '../analysis.ts';
import { own, systemFacts } from '../facts.ts';
import type { Problems } from '../problem.ts';
import { copiesOf } from '../rehearsal/copies.ts';
import { placeOf } from '../rehearsal/inventory.ts';

/** A promotion is rehearsed on a copy: where the inventory gives nothing to make one of, no rehearsal proves it. Only what is sure to fail is told. */
export function tellNoCopy({ scope, drafts }: Analysis, warnings: Problems): void {
  const { inventory, source, target, input } = scope;
  const { system: name } = scope.runbook.data;
  const system = own(inventory.data.systems, name);
  if (system === undefined || !drafts.some(({ ways }) => ways.some(({ action }) => action.promotes))) return;
  const there = placeOf(system, target);
  const at = ['systems', name, 'rehearsal', 'at', target];
  const { copies, added } = copiesOf(input, systemFacts(inventory.data, name)!);
  const nothing = `a rehearsal of "${name}" to "${target}" proves nothing of a promotion`;
  if (copies.postgres !== undefined && added !== undefined) {
    if (there.postgres.from === 'member' && system.postgres?.replication === undefined)
      warnings.add(
        inventory,
        ['systems', name, 'postgres'],
        `${nothing}: it can copy no member, for nothing says how a copy logs in there`,
        'add `replication: { user: … }` to its `postgres`',
        'key',
      );
    if (there.postgres.from === 'backup' && own(system.backups?.postgres?.stores ?? {}, source) === undefined)
      warnings.add(
        inventory,
        [...at, 'postgres', 'from'],
        `${nothing} while "${source}" serves: its copy is made of a backup, and there is no store of backups taken then`,
        `add \`backups.postgres.stores.${source}\`, or write \`from: member\``,
      );
  }
  if (copies.postgres === undefined && own(system.rds?.members ?? {}, target) !== undefined && there.rds === undefined)
    warnings.add(
      inventory,
      at,
      `${nothing}: it has no place for a copy of the database`,
      `add \`rds: { subnets: … }\` under \`rehearsal.at.${target}\``,
      'key',
    );
}
