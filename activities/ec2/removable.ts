import { tag, tagOf } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { everythingMade, type Made } from './leftovers.ts';
import { expired, isOver, lastProven, savedOf, type Saved } from './retention.ts';

/** What ec2.cleanup is to take away. */
export interface Wanted {
  readonly site: string;
  readonly of: 'run' | 'earlier' | 'expired';
  readonly steps?: readonly string[] | undefined;
  readonly keep: number;
}
export interface Decision {
  readonly doomed: readonly Made[];
  /** What would go, and stays: something else uses it, or it is the last proven backup. */
  readonly spared: readonly Made[];
  /** Backups that stay. */
  readonly left: readonly Saved[];
}

/** Looks at what there is, and decides what goes. Only reads. @throws StepError `steps-missing`. */
export async function decide(wanted: Wanted, context: StepContext): Promise<Decision> {
  mustBeNarrow(wanted, context);
  const [all, known] = await Promise.all([everythingMade(wanted.site, context), context.backups()]);
  const saved = savedOf(all.filter(({ tags }) => tagOf(tags, tag.purpose) === 'live'));
  const proven = new Set(lastProven(saved, known).flatMap(({ parts }) => parts));
  const over = wanted.of === 'expired' ? overdue(all, saved, wanted.keep) : all.filter((one) => isOfRun(one, wanted, context));
  const ids = new Set(over.map(({ id }) => id));
  const stays = (one: Made): boolean => proven.has(one) || (one.kind !== 'instance' && one.usedBy.some((id) => !ids.has(id)));
  const doomed = new Set(over.filter((one) => !stays(one)));
  return {
    doomed: [...doomed],
    spared: over.filter(stays),
    left: saved.filter(({ parts }) => parts.some((part) => !doomed.has(part))),
  };
}

function overdue(all: readonly Made[], saved: readonly Saved[], keep: number): readonly Made[] {
  const now = Date.now();
  const rehearsed = all.filter((one) => tagOf(one.tags, tag.purpose) === 'rehearsal' && isOver(one, now));
  return [...rehearsed, ...expired(saved, keep, now).flatMap(({ parts }) => parts)];
}

/** Runs may have the same name one after another: it is this one only with the time at which it was started. A step for each of many is `ID:N`. */
function isOfRun({ tags }: Made, { of, steps }: Wanted, { run }: StepContext): boolean {
  const made = {
    run: tagOf(tags, tag.run),
    started: tagOf(tags, tag.started),
    purpose: tagOf(tags, tag.purpose),
    step: tagOf(tags, tag.step),
  };
  return (
    (made.run === run.workflowId && made.started === run.startedAt) === (of === 'run') &&
    made.purpose === (run.live ? 'live' : 'rehearsal') &&
    (steps === undefined || steps.some((id) => made.step === id || made.step?.startsWith(`${id}:`)))
  );
}

/** A failover made what now serves. */
function mustBeNarrow({ site, of, steps }: Wanted, { run, target }: StepContext): void {
  if (of === 'earlier' && run.live && site === target.site)
    throw new StepError('serves', `What earlier runs made at ${site} is to serve: name the site that is left.`, 'mistake');
  if (of === 'expired' || !run.live || steps !== undefined) return;
  throw new StepError(
    'steps-missing',
    'In a live run `steps` names the steps whose resources are taken away: what others made may serve.',
    'mistake',
  );
}
