/** Something wrong in a file that a person wrote: what, where, and what to do. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly fix: string;
}

/** Thrown where a file cannot be used; holds every problem found, not only the first. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(printProblem).join('\n'));
    this.problems = problems;
  }
}

/** `orders-failover.yaml:12:7: what is wrong — what to do` */
export function printProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message} — ${problem.fix}`;
}

export type Path = readonly (string | number)[];
export interface Position {
  readonly line: number;
  readonly column: number;
}
/** Says a problem at a place of one file. */
export type Put = (position: Position, message: string, fix: string) => void;
/** Data read from a file, and where each part of it stands. */
export interface Sourced<T> {
  readonly file: string;
  readonly data: T;
  /** Position of a value, or of the key before it; of the nearest part around it where there is no such path. */
  at(path: Path, what?: 'key' | 'value'): Position;
}

const mostProblems = 500;

/** Collects problems, each once, as many as a person may want to read. */
export class Problems {
  readonly list: Problem[] = [];
  readonly #seen = new Set<string>();

  add(source: Sourced<unknown>, path: Path, message: string, fix: string, what: 'key' | 'value' = 'value'): void {
    this.put({ file: source.file, ...source.at(path, what), message, fix });
  }

  /** So many that more would help nobody. */
  get full(): boolean {
    return this.list.length >= mostProblems;
  }

  put(problem: Problem): void {
    if (this.full) return;
    const key = printProblem(problem);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.list.push(problem);
  }

  /** In the order of the files. */
  sorted(): Problem[] {
    return this.list.toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column));
  }
}
