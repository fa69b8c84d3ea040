import type { RunbookFile } from './load.ts';
import { didYouMean, listed } from './nearest.ts';
import type { Kind } from './plan.ts';

/** No runbook, or more than one, is meant: a sentence with what to do. */
export class ChoiceError extends Error {
  override readonly name = 'ChoiceError';
}

/** The runbook that is meant: by name, or the only one of its kind for the system, and for the way to the target where that is known. Throws a {@link ChoiceError}. */
export function chooseRunbook(wanted: {
  readonly runbooks: readonly RunbookFile[];
  readonly system: string;
  readonly kind: Kind;
  readonly name?: string;
  readonly target?: string;
}): RunbookFile {
  const { runbooks, system, kind, name, target } = wanted;
  if (name !== undefined) {
    const all = runbooks.filter(({ data }) => data.runbook === name);
    const named = all.find(({ data }) => data.system === system) ?? all[0];
    if (named === undefined)
      throw new ChoiceError(
        `there is no runbook "${name}": ${didYouMean(
          name,
          runbooks.map(({ data }) => data.runbook),
          'runbooks',
        )}`,
      );
    if (named.data.system !== system)
      throw new ChoiceError(`the runbook "${name}" is for the system "${named.data.system}", not for "${system}": name that system`);
    if (named.data.kind !== kind)
      throw new ChoiceError(`the runbook "${name}" is a ${named.data.kind}, not a ${kind}: start it as what it is`);
    return named;
  }
  const systems = [...new Set(runbooks.map(({ data }) => data.system))];
  const mine = runbooks.filter(({ data }) => data.system === system);
  if (mine.length === 0)
    throw new ChoiceError(`no runbook is for the system "${system}": ${didYouMean(system, systems, 'systems that have one')}`);
  const ofKind = mine.filter(({ data }) => data.kind === kind);
  const [first, ...others] = ofKind.filter(({ data }) => target === undefined || (data.target ?? target) === target);
  if (first === undefined && ofKind.length > 0)
    throw new ChoiceError(
      `"${system}" has no ${kind} to ${target}; it has: ${listed(ofKind.map(({ data }) => `${data.runbook} (to ${data.target})`))}`,
    );
  if (first === undefined)
    throw new ChoiceError(
      `"${system}" has no runbook of the kind ${kind}; it has: ${listed(mine.map(({ data }) => `${data.runbook} (${data.kind})`))}`,
    );
  if (others.length > 0)
    throw new ChoiceError(
      `"${system}" has several runbooks of the kind ${kind}: name one of ${listed([first, ...others].map(({ data }) => data.runbook))}`,
    );
  return first;
}
