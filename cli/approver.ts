import { execFile, type ChildProcess } from 'node:child_process';
import { program } from '../lab/launch.ts';
import type { OpenQuestion } from '../workflows/wire.ts';

/** Who approves where no person is asked to; distinct people, as many as a gate needs. */
const people = ['demo-approver', 'alice@example.com', 'bob@example.com'];

/** Approves gates from a process of its own, as a person elsewhere would. */
export class Approver {
  /** Why it could not go on; then `failed` is aborted. */
  problem: string | null = null;
  readonly #failed = new AbortController();
  readonly #running = new Set<ChildProcess>();
  readonly #answered = new Set<string>();

  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Approves the question, once for each attempt and person that it needs. Anything but a gate is a person's business: it fails. */
  answer(run: string, question: OpenQuestion): void {
    const key = `${question.id} #${question.attempt}`;
    if (this.#answered.has(key)) return;
    this.#answered.add(key);
    if (question.kind !== 'gate') return this.#fail(`The run asks what nobody here decides: ${question.title}`);
    void this.#approve(run, question.id, people.slice(0, question.count));
  }

  /** Ends what still runs. */
  end(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }

  async #approve(run: string, step: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const said = await this.#call(['approve', run, '--step', step, '--as', name]);
      if (said !== null) return this.#fail(`${name} could not approve ${step}: ${said}`);
    }
  }

  /** What went wrong, or null. */
  #call(argv: readonly string[]): Promise<string | null> {
    return new Promise((resolve) => {
      const [node = process.execPath, ...before] = program('cli/main');
      const child = execFile(node, [...before, ...argv], { timeout: 60_000 }, (error, stdout, stderr) => {
        this.#running.delete(child);
        resolve(error === null ? null : stderr.trim() || stdout.trim() || error.message);
      });
      this.#running.add(child);
    });
  }

  #fail(problem: string): void {
    this.problem = problem;
    this.#failed.abort();
  }
}
