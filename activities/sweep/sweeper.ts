import type { Caller } from '../aws/client.ts';
import type { SweepPlace } from '../../plan/plan.ts';

/** One thing that a rehearsal made, and that is still there. */
export interface Leftover {
  readonly site: string;
  /** What it is: `copy` on a host; at AWS `instance`, `volume`, `database` and so on. */
  readonly kind: string;
  /** By which it is found again at its site: an id, or host and directory. */
  readonly name: string;
  /** Workflow id of the rehearsal that made it, and when that was started, ISO: a later one may have the same name. */
  readonly run: string;
  readonly startedAt: string;
  /** ISO time after which it may be taken away, whatever became of its run. Null: it says none, or none that can be read. */
  readonly expires: string | null;
}

/** Where is swept, and by whom. It is a {@link Caller} of AWS. */
export interface SweepContext extends Caller {
  readonly system: { readonly name: string };
  readonly site: string;
  readonly place: SweepPlace;
  /** The site whose network the worker sees the world from. */
  readonly viewpoint: string;
  /** Milliseconds. Ends early, by throwing, when nobody waits any more. */
  sleep(milliseconds: number): Promise<void>;
  /** MUST be awaited directly before each act: throws where the system was stopped, or another worker has taken the sweep over. */
  stillOurs(): Promise<void>;
}

/**
 * Finds and takes away what rehearsals leave of one kind of place. Which of it is to go is decided elsewhere, once for all kinds
 * (due.ts): a sweeper MUST tell everything that any rehearsal of the system left, and MUST take away nothing but what it is handed.
 */
export interface Sweeper {
  /** MUST only read, and MUST throw where it cannot look: silence is not emptiness. What is on its way out is still there. */
  find(context: SweepContext): Promise<readonly Leftover[]>;
  /**
   * Begins to take these away, in whatever order they need; may return before they are gone, for the world is read again afterwards.
   * MUST survive that some are gone already, or on their way, and that it was killed half way. Throws where it must not or cannot.
   */
  remove(doomed: readonly Leftover[], context: SweepContext): Promise<void>;
}
