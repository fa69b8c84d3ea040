import { StepError } from '../../activities/error.ts';
import { chooseRunbook, ChoiceError } from '../../plan/choose.ts';
import { compileWhole, type Whole } from '../../plan/compile.ts';
import type { Kind } from '../../plan/plan.ts';
import type { CompileInput, Direction } from '../../plan/scope.ts';
import { rehearse } from '../../plan/rehearsal/rehearse.ts';
import { siteRunbook } from '../../plan/site.ts';
import type { RunInput } from '../../workflows/wire.ts';
import type { Site } from '../site.ts';
import type { Loaded } from './folder.ts';

export type Wanted = RunInput & { readonly kind: string };

/** Where a run goes; of a whole site, where each of its systems does, and of which that is not known. */
export interface Course extends Direction {
  readonly directions?: ReadonlyMap<string, Direction>;
  readonly unknown?: ReadonlyMap<string, string>;
}

/** Plans that were made lately, by digest: what asks for their pages and children comes soon after. */
const lately = new Map<string, { readonly folder: Loaded; readonly whole: Whole }>();
const most = 8;

/** Compiles what a run's input names. */
export function wholeOf(site: Site, folder: Loaded, input: Wanted, course: Course, revision: string | undefined): Whole {
  const whole =
    input.kind === 'rehearsal'
      ? rehearse(rehearsalInput(site, folder, input, course, revision))
      : compileWhole(inputOf(site, folder, input, course, revision));
  lately.set(whole.plan.digest, { folder, whole });
  if (lately.size > most) lately.delete([...lately.keys()][0]!);
  return whole;
}

/**
 * Any runbook of the system is rehearsed, by default its failover; one that leads to the site which serves, as though the other one did.
 */
function rehearsalInput(site: Site, folder: Loaded, input: Wanted, course: Course, revision: string | undefined): CompileInput {
  const named = folder.runbooks.find(({ data }) => data.runbook === input.runbook && data.system === input.system);
  const { source, target } = course;
  const away = named !== undefined && named.data.target === source && target !== source;
  const way = away ? { ...course, source: target, target: source } : course;
  return inputOf(site, folder, { ...input, kind: named?.data.kind ?? 'failover' }, way, revision);
}

/** The plan of that digest, where it was made lately of the same files. */
export function recall(folder: Loaded, digest: string): Whole | undefined {
  const known = lately.get(digest);
  return known?.folder.inventory === folder.inventory ? known.whole : undefined;
}

export function inputOf(site: Site, folder: Loaded, input: Wanted, course: Course, revision: string | undefined): CompileInput {
  const { runbooks, inventory } = folder;
  const { source, target, directions = new Map(), unknown = new Map() } = course;
  const kind = input.kind as Kind;
  try {
    const { runbook, notes } =
      input.site === undefined
        ? {
            runbook: chooseRunbook({ runbooks, system: input.system, kind, target, ...(input.runbook ? { name: input.runbook } : {}) }),
            notes: [],
          }
        : siteRunbook({ site: input.site, kind, inventory, runbooks, directions, unknown });
    return {
      runbook,
      inventory,
      runbooks,
      directions,
      types: site.types,
      source,
      target,
      notes,
      ...(input.site === undefined ? {} : { whole: input.site }),
      ...(input.parameters ? { parameters: input.parameters } : {}),
      ...(revision ? { revision } : {}),
    };
  } catch (error) {
    throw error instanceof ChoiceError ? new StepError('runbook', error.message, 'mistake') : error;
  }
}
