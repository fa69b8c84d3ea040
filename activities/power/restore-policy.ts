import { z } from 'zod';
import type { Proof } from '../step.ts';

/** What a machine does when its mains power returns: Redfish's and IPMI's three words. */
export const restorePolicy = z.enum(['always-on', 'always-off', 'last-state']);
export type RestorePolicy = z.output<typeof restorePolicy>;

/** A controller's setting of what its machine does when mains power returns. */
export interface RestoreSetting {
  /** Reads it; undefined where this controller has none. */
  read(): Promise<RestorePolicy | undefined>;
  /** Sets it. What it answers is no proof. */
  set(policy: RestorePolicy): Promise<void>;
}

/** What was read of the setting; `policy` is absent where there is none, or it could not be read. */
export interface RestoreReading {
  readonly policy?: RestorePolicy;
  /** One sentence. */
  readonly text: string;
}

/** Reads the setting. Never throws: no fence and no boot fails for it. */
export async function readRestore(setting: RestoreSetting | undefined, name: string): Promise<RestoreReading> {
  if (!setting) return { text: `The driver of the controller of ${name} knows no power-restore policy.` };
  try {
    const policy = await setting.read();
    if (policy === undefined) return { text: `The controller of ${name} has no power-restore policy.` };
    return { policy, text: `The controller of ${name} says power-restore policy ${policy}.` };
  } catch (error) {
    return { text: `The power-restore policy of ${name} could not be read: ${(error as Error).message}` };
  }
}

const was = /^Power-restore policy of (\S+) was (always-on|last-state) before its fence\.$/;

/** The sentence of evidence by which `power.on` knows what to put back; none where nothing was changed. */
export function restoreChanged(name: string, before: RestorePolicy | null | undefined): readonly string[] {
  return before && before !== 'always-off' ? [`Power-restore policy of ${name} was ${before} before its fence.`] : [];
}

/** What the setting was before the fence of a host, where a fence changed it. */
export function restoreBefore(proofs: readonly Proof[], name: string): RestorePolicy | undefined {
  for (const { evidence, host } of proofs)
    for (const match of host === name ? evidence.map((sentence) => was.exec(sentence)) : [])
      if (match?.[1] === name) return match[2] as RestorePolicy;
  return undefined;
}
