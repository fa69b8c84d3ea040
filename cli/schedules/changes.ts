import type { Entry } from '../../plan/schedules/timetable.ts';
import { refused } from '../failure.ts';
import { editedByHand } from './difference.ts';
import type { Known } from './known.ts';
import { isFromFile, scheduleId, type Options } from './options.ts';
import type { Table } from './read.ts';

/** One thing to be done so that Temporal has what the file says. */
export interface Change {
  readonly name: string;
  readonly how: 'create' | 'change' | 'remove' | 'pause' | 'resume';
  readonly text: string;
}
/** A schedule that is left as it is although the file says otherwise. */
export interface Left {
  readonly name: string;
  readonly why: string;
}
/** A schedule of the file, and what Temporal has of it. */
export interface Pair {
  readonly entry: Entry;
  readonly wanted: Options;
  readonly known: Known | null;
}

/**
 * What has to be done, and what is left alone: a person's pause, and what is for a system that this folder does not know.
 * `others`: what the owner has in Temporal beside the file. Throws where a name is taken by somebody else. Pure.
 */
export function compare(
  file: Pick<Table, 'owner' | 'systems'>,
  pairs: readonly Pair[],
  others: readonly Known[],
): { readonly changes: readonly Change[]; readonly left: readonly Left[] } {
  for (const { entry, known } of pairs)
    if (known !== null && known.owner !== file.owner)
      throw refused(
        `${scheduleId(entry.name)} belongs to ${known.owner ?? 'somebody else'}, not to ${file.owner}. Nothing was changed.`,
        'Give the schedule another name in schedules.yaml.',
      );
  const isOurs = ({ system }: Known): boolean => system !== undefined && file.systems.includes(system);
  return {
    changes: [
      ...pairs.flatMap(changesOf),
      ...others.filter(isOurs).map(({ name }): Change => ({ name, how: 'remove', text: 'it is in the file no more' })),
    ],
    left: [...pairs.flatMap(keptPause), ...others.filter((other) => !isOurs(other)).map(stranger)],
  };
}

function changesOf({ entry: { name, when, summary, paused }, wanted, known }: Pair): Change[] {
  if (known === null) return [{ name, how: 'create', text: summary }];
  const { applied, described } = known;
  const changes: Change[] = [];
  if (applied?.digest !== wanted.action.memo.schedule.digest) {
    const text = applied === undefined || applied.when === when ? 'what is started, or how' : `${applied.when} → ${when}`;
    changes.push({ name, how: 'change', text });
  } else if (editedByHand(described, wanted)) changes.push({ name, how: 'change', text: `back to ${when}: it was edited in Temporal` });
  const { state } = described;
  // A person's pause is the person's to end.
  if (isPersons(state)) return changes;
  if (paused !== null && (!state.paused || state.note !== wanted.state.note)) changes.push({ name, how: 'pause', text: paused });
  if (paused === null && state.paused) changes.push({ name, how: 'resume', text: 'the file pauses it no more' });
  return changes;
}

function keptPause({ entry: { name }, known }: Pair): Left[] {
  if (known === null || !isPersons(known.described.state)) return [];
  return [{ name, why: `stays paused, as a person wanted it: ${known.described.state.note || 'no reason was given'}` }];
}

function stranger({ name, system = 'nothing that is known' }: Known): Left {
  return {
    name,
    why: `is for ${system}, which this inventory does not have. Of another folder? Give each its own "owner". Gone? lifeboat schedules remove ${name}`,
  };
}

const isPersons = ({ paused, note }: Known['described']['state']): boolean => paused && !isFromFile(note);
