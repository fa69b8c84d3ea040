import { own } from '../facts.ts';
import type { CopyFacts, SystemFacts } from '../plan.ts';
import type { CompileInput } from '../scope.ts';
import { copyName, databaseCopyName } from './copy-name.ts';
import { placeOf, type Place } from './inventory.ts';
import { added as steps, type Added } from './runbook.ts';

type Raw = CompileInput['runbook']['data']['steps'][number];

/** Part of each table's rows that a copy must have: production goes on meanwhile. */
const least = 0.9;

/** What a rehearsal makes a copy of, where any step of the runbook acts on the database of the target site, and how. */
export function copiesOf(input: CompileInput, facts: SystemFacts): { readonly copies: CopyFacts; readonly added: Added | undefined } {
  const { runbook, inventory, target, types } = input;
  const system = own(inventory.data.systems, facts.name)!;
  const there = placeOf(system, target);
  const acting = new Set(types.filter(({ member }) => member === true).map(({ name }) => name));
  const acts = (raw: Raw): boolean => 'uses' in raw && acting.has(raw.uses);
  const { postgres, rds } = facts;
  const inService = { ...(postgres === undefined ? {} : { postgres }), ...(rds === undefined ? {} : { rds }) };
  const none = { root: there.root, expires: system.rehearsal.expires, inService };
  if (!runbook.data.steps.some(acts)) return { copies: none, added: undefined };
  const host = postgres && own(postgres.members, target);
  if (host !== undefined) {
    const copy = { host: copyName(host), of: host, original: postgres!, from: there.postgres.from };
    const compare = { uses: 'copy.compare', with: { with: host, before: `\${{ steps.${steps.copy}.outputs.rows }}` } };
    const added = {
      uses: 'copy.postgres',
      with: { host: copy.host },
      compare,
      needs: ({ needs }: { needs: string[] }) => needs.length === 0,
    };
    return { copies: { ...none, postgres: copy }, added: allAdopted(input, acts) ? undefined : added };
  }
  const of = rds && own(rds.members, target);
  if (of === undefined || there.rds === undefined) return { copies: none, added: undefined };
  const copy = { site: target, id: databaseCopyName(of), of };
  return { copies: { ...none, rds: copy }, added: { ...copyOfRds(copy, there.rds, rds!.login !== undefined), needs: acts } };
}

/** Whether every step that acts on the database comes after one that puts what was restored in its place. */
function allAdopted({ runbook, types }: CompileInput, acts: (raw: Raw) => boolean): boolean {
  const adopting = new Set(types.filter(({ adopts }) => adopts === true).map(({ name }) => name));
  const { steps } = runbook.data;
  const after = new Set(steps.filter((raw) => 'uses' in raw && adopting.has(raw.uses)).map(({ id }) => id));
  for (let size = -1; size !== after.size;) {
    size = after.size;
    for (const { id, needs } of steps) if (needs.some((need) => after.has(need))) after.add(id);
  }
  return steps.every((raw) => !acts(raw) || after.has(raw.id));
}

/** @param read whether steps have a login to it. */
function copyOfRds(copy: NonNullable<CopyFacts['rds']>, place: NonNullable<Place['rds']>, read: boolean): Omit<Added, 'needs'> {
  const { site, id, of } = copy;
  const compare = { uses: 'rds.compare', with: { site, id, original: { site, id: of }, 'at-least': least } };
  return { uses: 'copy.rds', with: { ...copy, ...place }, ...(read ? { compare } : {}) };
}
