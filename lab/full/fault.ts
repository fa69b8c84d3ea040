import { cloudFaults } from '../aws/faults.ts';
import { fullHome } from '../aws/home.ts';
import { controllerFaults } from './faults/controller.ts';
import { databaseFaults } from './faults/database.ts';
import { hostFaults } from './faults/host.ts';
import { lineFaults } from './faults/line.ts';
import { readFullLab, type FullLab } from './full-lab.ts';

export interface FullFault {
  /** What follows the name, such as `HOST`. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  /** Does it and says what it did. */
  act(lab: FullLab, args: readonly string[]): Promise<string>;
  /** Ends it and says so; null where there was nothing to end. Absent: it cannot be ended. */
  heal?(lab: FullLab): Promise<string | null>;
}

export const fullFaults: { readonly [name: string]: FullFault } = {
  ...databaseFaults,
  ...lineFaults,
  ...controllerFaults,
  ...hostFaults,
  ...cloudFaults(fullHome),
};

/** Does a fault, or ends one (`heal NAME`, `heal` for all). Returns what was done, a sentence or two. Throws on what it does not know. */
export async function faultFull(folder: string, name: string, args: readonly string[] = []): Promise<string> {
  if (name === 'heal') return healFull(folder, args[0]);
  const found = Object.hasOwn(fullFaults, name) ? fullFaults[name] : undefined;
  if (!found) throw new Error(`There is no fault "${name}". There are: ${Object.keys(fullFaults).join(', ')}, heal.`);
  return found.act(readFullLab(folder), args);
}

/** Ends a fault by its name, else all that can be ended. What was killed or switched off stays so. */
export async function healFull(folder: string, name?: string): Promise<string> {
  const lab = readFullLab(folder);
  const healable = Object.keys(fullFaults).filter((one) => fullFaults[one]!.heal);
  if (name !== undefined && !healable.includes(name)) throw new Error(`"${name}" cannot be healed. What can: ${healable.join(', ')}.`);
  const done: string[] = [];
  for (const one of name === undefined ? healable : [name]) {
    const said = await fullFaults[one]!.heal!(lab);
    if (said !== null && !done.includes(said)) done.push(said);
  }
  return done.length > 0 ? done.join(' ') : 'There was nothing to heal.';
}
