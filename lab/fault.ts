import { cloudFaults } from './aws/faults.ts';
import { smallHome } from './aws/home.ts';
import { controllerFaults } from './faults/controller.ts';
import { databaseFaults } from './faults/database.ts';
import { lineFaults } from './faults/line.ts';
import { powerFaults } from './faults/power.ts';
import { readLab, type Lab } from './lab.ts';

export interface Fault {
  /** What follows the name, such as `HOST`. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  /** Does it and says what it did. */
  act(lab: Lab, args: readonly string[]): Promise<string>;
  /** Ends it and says so; null where there was nothing to end. Absent: it cannot be ended. */
  heal?(lab: Lab): Promise<string | null>;
}

export const faults: { readonly [name: string]: Fault } = {
  ...databaseFaults,
  ...lineFaults,
  ...controllerFaults,
  ...powerFaults,
  ...cloudFaults(smallHome),
};

/** Does a fault, or ends one (`heal NAME`, `heal` for all). Returns what was done, a sentence or two. Throws on what it does not know. */
export async function fault(folder: string, name: string, args: readonly string[] = []): Promise<string> {
  if (name === 'heal') return heal(folder, args[0]);
  const found = Object.hasOwn(faults, name) ? faults[name] : undefined;
  if (!found) throw new Error(`There is no fault "${name}". There are: ${Object.keys(faults).join(', ')}, heal.`);
  return found.act(readLab(folder), args);
}

/** Ends a fault by its name, else all that can be ended. What was killed or switched off stays so. */
export async function heal(folder: string, name?: string): Promise<string> {
  const lab = readLab(folder);
  const healable = Object.keys(faults).filter((one) => faults[one]!.heal);
  if (name !== undefined && !healable.includes(name)) throw new Error(`"${name}" cannot be healed. What can: ${healable.join(', ')}.`);
  const done: string[] = [];
  for (const one of name === undefined ? healable : [name]) {
    const said = await faults[one]!.heal!(lab);
    if (said !== null && !done.includes(said)) done.push(said);
  }
  return done.length > 0 ? done.join(' ') : 'There was nothing to heal.';
}
