import type { HostFacts } from '../../plan/plan.ts';
import type { Viewpoint } from '../../workflows/wire.ts';
import type { StepError } from '../error.ts';
import type { PowerState } from '../power/controller.ts';
import type { Sight } from '../sight.ts';
import type { Asked } from './at-risk.ts';
import type { Probed } from './probe.ts';

/** How long a receiver may be without a message while its primary is believed alive, milliseconds. */
const recent = 3_000;

export interface Seen {
  readonly source: HostFacts;
  readonly sourceIs: Asked;
  readonly targetName: string;
  readonly targetIs: Asked;
  readonly probed: Probed | string;
  readonly power: { readonly state: PowerState; readonly word: string } | StepError | string;
  readonly sight: Sight | string;
  readonly viewpoint: string;
}

/** What each viewpoint sees of the source. Silence across a link that may be cut is `unknown`. */
export function viewpoints(seen: Seen): readonly Viewpoint[] {
  return [probe(seen), receiver(seen), database(seen), machine(seen), controller(seen)];
}

export function probe({ probed, source }: { readonly probed: Probed | string; readonly source: { readonly name: string } }): Viewpoint {
  const name = 'probe';
  if (typeof probed === 'string') return { name, sees: 'unknown', text: probed };
  if (probed.serving === source.name && probed.firstMissedAt === null) {
    return {
      name,
      sees: 'alive',
      text: `The probe's writes succeed on ${source.name}, last at ${probed.lastGoodAt ?? 'an unknown time'}.`,
    };
  }
  if (probed.serving !== null && probed.serving !== source.name) {
    return { name, sees: 'dead', text: `The probe's writes succeed on ${probed.serving}, not on ${source.name}.` };
  }
  if (probed.firstMissedAt !== null) {
    return {
      name,
      sees: 'dead',
      text: `The probe's writes fail since ${probed.firstMissedAt}; the last good one was at ${probed.lastGoodAt ?? 'an unknown time'}.`,
    };
  }
  return { name, sees: 'unknown', text: 'The probe has seen no good write yet.' };
}

export function receiver({
  targetIs,
  targetName,
  source,
}: Pick<Seen, 'targetIs' | 'targetName'> & { readonly source: { readonly name: string } }): Viewpoint {
  const name = `receiver of ${targetName}`;
  if (typeof targetIs === 'string') return { name, sees: 'unknown', text: `${targetName} cannot be asked: ${targetIs}` };
  if (!targetIs.recovering) return { name, sees: 'unknown', text: `${targetName} is a primary and receives nothing.` };
  if (!targetIs.receiver) return { name, sees: 'dead', text: `${targetName} has no connection to ${source.name}.` };
  const { status, silentFor } = targetIs.receiver;
  if (status !== 'streaming') return { name, sees: 'unknown', text: `The receiver of ${targetName} is ${status}.` };
  if (silentFor !== null && silentFor <= recent) {
    return {
      name,
      sees: 'alive',
      text: `${targetName} streams from ${source.name} and heard it ${Math.max(0, Math.round(silentFor))} ms ago.`,
    };
  }
  return {
    name,
    sees: 'unknown',
    text: `${targetName} is connected to ${source.name}, but has heard nothing ${silentFor === null ? 'that it tells' : `for ${Math.round(silentFor / 1_000)} s`}.`,
  };
}

function database({ sourceIs, source, viewpoint, sight }: Seen): Viewpoint {
  const name = `PostgreSQL on ${source.name}`;
  if (typeof sourceIs !== 'string') {
    const role = sourceIs.recovering ? 'is a standby' : 'is a primary and takes writes';
    return {
      name,
      sees: sourceIs.recovering ? 'unknown' : 'alive',
      text: `PostgreSQL on ${source.name} answers ${viewpoint}: it ${role}.`,
    };
  }
  const reached = typeof sight !== 'string' && (sight.alive || sight.witness === true);
  return {
    name,
    sees: reached ? 'dead' : 'unknown',
    text: `${sourceIs}${reached ? '' : ' Nothing else there answers either: the link may be cut.'}`,
  };
}

function machine({ sight, source, viewpoint }: Seen): Viewpoint {
  const name = `${source.name} seen from ${viewpoint}`;
  if (typeof sight === 'string') return { name, sees: 'unknown', text: sight };
  return { name, sees: sight.alive ? 'alive' : sight.witness === true ? 'dead' : 'unknown', text: sight.evidence.join(' ') };
}

function controller({ power, source }: Seen): Viewpoint {
  const name = `controller of ${source.name}`;
  if (typeof power === 'string') return { name, sees: 'unknown', text: power };
  if (power instanceof Error) return { name, sees: 'unknown', text: power.message };
  const sees = power.state === 'off' ? 'dead' : power.state === 'on' ? 'alive' : 'unknown';
  return { name, sees, text: `The controller of ${source.name} says that its power is ${power.word}.` };
}
