import type { StepContext } from './step.ts';

/**
 * A rehearsal's context as a live run would have it: the system as it is in service, and not its copy. For what is proved by reading
 * alone; MUST NOT be handed to what changes anything.
 */
export function inService(context: StepContext): StepContext {
  const { system } = context;
  return system.copies === undefined ? context : { ...context, system: { ...system, ...system.copies.inService } };
}

/** What the database's host is called in service, where a rehearsal calls it by its copy's name; any other name is its own. */
export function nameInService(name: string, { system }: StepContext): string {
  const site = Object.entries(system.postgres?.members ?? {}).find(([, member]) => member === name)?.[0];
  return (site === undefined ? undefined : system.copies?.inService.postgres?.members[site]) ?? name;
}
