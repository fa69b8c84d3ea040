import type { Draft } from '../draft.ts';
import type { Made } from '../action.ts';
import { jsonSchema } from '../json-schema.ts';
import type { Action, CopyFacts, Late, Reference, Step } from '../plan.ts';
import type { Path } from '../problem.ts';
import type { Scope } from '../scope.ts';

export type Decision = NonNullable<Step['rehearsal']>;
export const isLeftOut = (decision: Decision | undefined): decision is { readonly none: string } => typeof decision === 'object';

/** What a rehearsal does with each step of a runbook, by id; gates are not among them. */
export function decide(drafts: readonly Draft[], scope: Scope): ReadonlyMap<string, Decision> {
  const decisions = new Map<string, Decision>();
  for (const draft of drafts) if (draft.gate === undefined) decisions.set(draft.id, alone(draft, scope));
  // What is left out tells nothing: neither can what is made of it be tried.
  for (let more = true; more;) {
    more = false;
    for (const { id, late, ways } of drafts) {
      if (!decisions.has(id) || isLeftOut(decisions.get(id))) continue;
      const missing = late.find(
        ({ ref: [root, step], path }) => root === 'steps' && isLeftOut(decisions.get(step!)) && !byDefault(path, ways),
      );
      if (missing === undefined) continue;
      decisions.set(id, { none: `It needs what ${missing.ref[1]} would tell, which a rehearsal leaves out.` });
      more = true;
    }
  }
  return decisions;
}

function alone({ branch, ways, index }: Draft, scope: Scope): Decision {
  if (branch?.node.of === 'runs') return { none: 'Another runbook is rehearsed on its own.' };
  const [first] = ways;
  if (first === undefined) return { none: 'There is nothing to do.' };
  return decideOn(first, scope.runbook.data.steps[index]!.only === 'rehearsal', scope.system?.copies);
}

/** Whether what stands at that place may be left out: then the type has its own, such as the latest backup. */
function byDefault(path: Path, [first]: Draft['ways']): boolean {
  const at = path.indexOf('with');
  const field = path[at + 1];
  if (first === undefined || at < 0 || path.length !== at + 2 || typeof field !== 'string') return false;
  return !jsonSchema(first.type.input).required?.includes(field);
}

/** A step's input without what is told by steps that are left out: the type's defaults stand in for it. */
export function withDefaults(input: Action['with'], decisions: ReadonlyMap<string, Decision>): Action['with'] {
  const told = (value: Late): boolean => {
    const ref = typeof value === 'object' && value !== null && '$ref' in value ? (value as Reference).$ref : [];
    return ref[0] !== 'steps' || !isLeftOut(decisions.get(ref[1]!));
  };
  return Object.fromEntries(Object.entries(input).filter(([, value]) => told(value)));
}

/** @param meant the runbook has the step for rehearsals alone: what it looks at is meant. */
export function decideOn({ type, action }: Made, meant: boolean, copies: CopyFacts | undefined): Decision {
  if (typeof type.rehearse !== 'function') return type.rehearse;
  if (type.proves) return 'proves';
  const hosts = Object.values(action.hosts);
  const real = hosts.find(({ copyOf }) => copyOf === undefined);
  const reads = type.effect === 'read';
  if (real === undefined && reads && hosts.length > 0 && !type.member && !meant)
    return { none: `It would look at ${hosts[0]!.copyOf} itself, which is in service, not at a copy.` };
  if (type.member && hosts.length === 0 && copies?.rds === undefined)
    return { none: 'It would change the database that is in service: the inventory has no `rehearsal` place for a copy of it.' };
  if (real !== undefined)
    return { none: `It would ${reads ? 'look at' : 'change'} ${real.name}, which is in service and of which a rehearsal has no copy.` };
  // What is at AWS isolates itself by names, tags and subnets; an address is that of what is in service.
  if (reads && hosts.length === 0 && type.iam === undefined && !meant)
    return { none: 'It would look at what is in service, not at a copy.' };
  return reads && hosts.length === 0 ? 'proves' : 'acts';
}
