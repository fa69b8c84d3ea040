import type { RunbookStep } from '../grammar/runbook.ts';
import type { RunbookFile } from '../load.ts';
import type { Path } from '../problem.ts';

type Raw = RunbookFile['data']['steps'][number];

/** A runbook as a live run has it: without its steps of rehearsals alone. */
export function liveRunbook(runbook: RunbookFile): RunbookFile {
  const { steps } = runbook.data;
  if (!steps.some(({ only }) => only === 'rehearsal')) return runbook;
  return withSteps(
    runbook,
    steps.flatMap((raw, from) => (raw.only === 'rehearsal' ? [] : [{ raw, from }])),
  );
}

/** Ids of the steps that a rehearsal adds. A runbook that has them already keeps its own. */
export const added = { copy: 'copy', rows: 'copy-rows' } as const;

/** A copy of a database, as steps that a rehearsal adds. */
export interface Added {
  readonly uses: string;
  readonly with: RunbookStep['with'];
  /** How its rows are compared with production's. Absent: nobody can read them. */
  readonly compare?: { readonly uses: string; readonly with: RunbookStep['with'] };
  /** Whether a step waits for the copy. */
  needs(raw: Raw): boolean;
}

/** A runbook as a rehearsal has it: the copy of the database first, where any step needs it, and its rows compared once it was promoted. */
export function rehearsalRunbook(runbook: RunbookFile, copy: Added | undefined): RunbookFile {
  const { steps } = runbook.data;
  const taken = steps.some(({ id }) => id === added.copy || id === added.rows);
  if (copy === undefined || taken) return runbook;
  const promoting = steps.filter((raw) => 'uses' in raw && raw.uses.endsWith('.promote')).map(({ id }) => id);
  const first = step(added.copy, copy.uses, copy.with, []);
  const { compare } = copy;
  const last = compare && step(added.rows, compare.uses, compare.with, promoting.length > 0 ? promoting : [added.copy]);
  return withSteps(runbook, [
    { raw: first, from: null },
    ...steps.map((raw, from) => ({ raw: copy.needs(raw) ? { ...raw, needs: [...raw.needs, added.copy] } : raw, from })),
    ...(last === undefined ? [] : [{ raw: last, from: null }]),
  ]);
}

function step(id: string, uses: string, input: RunbookStep['with'], needs: string[]): RunbookStep {
  return { id, uses, with: input, needs, else: [], width: 1 };
}

/** The same runbook with other steps. `from`: where each stands in the file; null: nowhere. */
function withSteps(runbook: RunbookFile, steps: readonly { readonly raw: Raw; readonly from: number | null }[]): RunbookFile {
  const written = (path: Path): Path => {
    const [field, index, ...rest] = path;
    if (field !== 'steps' || typeof index !== 'number') return path;
    const from = steps[index]?.from ?? null;
    return from === null ? ['steps'] : ['steps', from, ...rest];
  };
  return {
    ...runbook,
    data: { ...runbook.data, steps: steps.map(({ raw }) => raw) },
    at: (path, part) => runbook.at(written(path), part),
  };
}
